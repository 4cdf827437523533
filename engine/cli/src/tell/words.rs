//! Small words: amounts, lists, verdicts.

use countersign_messages::Quantity;

use crate::output::Output;

/// `CNY 300,000.01`, `12 unit`, `8%`.
pub(crate) fn quantity(of: &Quantity) -> String {
    match of {
        Quantity::Money(money) => format!("{} {}", money.currency, grouped(money.amount.as_str())),
        Quantity::Units { amount, unit } if unit == "%" => format!("{amount}%"),
        Quantity::Units { amount, unit } if unit.is_empty() => grouped(amount.as_str()),
        Quantity::Units { amount, unit } => format!("{} {unit}", grouped(amount.as_str())),
    }
}

/// Thousands set apart by commas.
fn grouped(amount: &str) -> String {
    let (whole, fraction) =
        amount.split_once('.').map_or((amount, None), |(whole, rest)| (whole, Some(rest)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// What a task asks for, or a verdict, in the language chosen.
pub(crate) fn word<'t>(output: &Output, word: &'t str) -> &'t str {
    let zh = match word {
        "approve" => "批准",
        "review" => "审核",
        "input" => "会签意见",
        "edit" => "补全",
        "pass" => "无异议",
        "object" => "有异议",
        "return" => "退回",
        "reject" => "否决",
        "veto" => "一票否决",
        "done" => "已反馈",
        "submit" => "已补全",
        "refuse" => "拒绝办理",
        "choose" => "已选择",
        "task" => "办理",
        "ahead" => "未到",
        "open" => "办理中",
        "signed" => "已签",
        "kept" => "仍有效",
        "passed-on" => "已转",
        "lapsed" => "逾期未办",
        "withdrawn" => "取消",
        "skipped" => "跳过",
        other => other,
    };
    output.word(word, zh)
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_set_apart() {
        for (amount, shown) in [
            ("300000.01", "300,000.01"),
            ("-1000", "-1,000"),
            ("100", "100"),
            ("-100.5", "-100.5"),
            ("0", "0"),
        ] {
            assert_eq!(grouped(amount), shown);
        }
    }
}
