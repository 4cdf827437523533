//! Words of pictures in both languages. What a chain names itself stays as it is.

use crate::output::Lang;

const PLACES: &[(&str, &str)] = &[("submitted", "提交"), ("draft", "草稿"), ("on-hold", "挂起")];

const OUTCOMES: &[(&str, &str)] = &[
    ("approved", "批准"),
    ("returned", "退回"),
    ("rejected", "否决"),
    ("beyond", "超出权限"),
    ("passed", "通过"),
    ("failed", "不通过"),
    ("submitted", "已提交"),
    ("received", "收到"),
    ("due", "到期"),
    ("done", "完成"),
    ("refused", "拒绝"),
    ("silent", "无应答"),
    ("conflict", "应答冲突"),
    ("started", "已启动"),
    ("good", "正常结束"),
    ("bad", "异常结束"),
    ("stuck", "受阻"),
    ("insufficient", "额度不足"),
    ("expires", "过期"),
];

const WORK: &[(&str, &str, &str)] = &[
    ("check", "check", "检查"),
    ("choose", "choose", "选择"),
    ("climb", "climb", "逐级审批"),
    ("approve", "approve", "审批"),
    ("review", "review", "审核"),
    ("input", "input", "输入"),
    ("edit", "edit", "填写"),
    ("task", "task", "任务"),
    ("all", "all", "会签"),
    ("any", "any", "或签"),
    ("votes", "votes", "票签"),
    ("in_order", "in order", "顺签"),
    ("wait", "wait", "等待"),
    ("command", "command", "指令"),
    ("follow", "follow", "跟踪"),
    ("run", "run", "运行"),
    ("start", "start", "启动"),
    ("join", "join", "汇合"),
    ("tell", "tell", "通知"),
    ("record", "record", "记录"),
    ("hand_over", "hand over", "移交"),
    ("delegate", "delegate", "授权"),
    ("while_delegated", "while delegated", "授权期间"),
    ("end_delegation", "end delegation", "终止授权"),
    ("compensate", "compensate", "补偿"),
    ("reserve", "reserve", "预留"),
    ("consume", "consume", "使用"),
    ("release", "release", "释放"),
    ("restore", "restore", "恢复额度"),
];

fn chinese<'w>(words: &'w [(&str, &'w str)], word: &'w str, lang: Lang) -> &'w str {
    let found = words.iter().find(|(en, _)| *en == word).filter(|_| lang == Lang::Zh);
    found.map_or(word, |(_, zh)| zh)
}

/// One of the places that every chain has.
pub(super) fn place(word: &str, lang: Lang) -> &str {
    chinese(PLACES, word, lang)
}

/// An outcome; those that a chain names itself have no translation.
pub(super) fn outcome(word: &str, lang: Lang) -> &str {
    chinese(OUTCOMES, word, lang)
}

/// What a state does.
pub(super) fn work(word: &str, lang: Lang) -> &str {
    let found = WORK.iter().find(|(name, ..)| *name == word);
    found.map_or(word, |(_, en, zh)| if lang == Lang::Zh { zh } else { en })
}

/// Of an arrow that has a condition.
pub(super) fn if_so(lang: Lang) -> &'static str {
    if lang == Lang::Zh { "（若）" } else { "if ..." }
}

/// Of the arrow that is taken where no condition holds.
pub(super) fn otherwise(lang: Lang) -> &'static str {
    if lang == Lang::Zh { "（否则）" } else { "else" }
}
