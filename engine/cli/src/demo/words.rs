//! The words of the story: what the company's systems are asked and tell, the fields of documents and answers.

use countersign_core::command::Verdict;
use countersign_core::definition::Duty;
use countersign_core::value::{Fields, Value};
use countersign_server::render::quantity as amount;

use super::teller::{Said, said};
use crate::tell::quantity;

/// What a verb asks for; the verb itself where the story has no words for it.
pub(super) fn verb(verb: &str) -> Said {
    let (en, zh) = match verb {
        "erp.atp.query" => ("what of the order is there to promise", "查询可承诺量"),
        "erp.contract.register" => ("to register the contract", "登记合同"),
        "erp.mo.create" => ("to make what is short", "下达生产订单"),
        "logistics.stock.reserve" => ("to reserve the stock", "预留库存"),
        "logistics.shipment.create" => ("to book the shipment", "订车发运"),
        "finance.invoice.issue" => ("to issue the invoice", "开具发票"),
        "finance.difference.book" => ("to book the difference", "核销尾差"),
        other => (other, other),
    };
    said(en, zh)
}

/// What a fact says has happened.
pub(super) fn fact(fact: &str) -> Said {
    let (en, zh) = match fact {
        "finance.prepayment.posted" => ("the prepayment is posted", "预付款到账"),
        "finance.receipt.posted" => ("a receipt is posted", "收款入账"),
        "finance.invoice.acknowledged" => ("the customer has acknowledged the invoice", "客户已确认发票"),
        "logistics.delivery.confirmed" => ("the customer has signed for the goods", "客户已签收"),
        other => (other, other),
    };
    said(en, zh)
}

/// The system of a verb or fact: its first token.
pub(super) fn system(name: &str) -> Said {
    let (en, zh) = match name.split('.').next().unwrap_or_default() {
        "erp" => ("ERP", "ERP"),
        "logistics" => ("Logistics", "物流系统"),
        "finance" => ("Finance", "财务系统"),
        other => (other, other),
    };
    said(en, zh)
}

fn field(name: &str) -> Said {
    let (en, zh) = match name {
        "amount" => ("amount", "金额"),
        "branch" => ("branch", "分公司"),
        "carrier" => ("carrier", "承运商"),
        "contract_no" => ("contract", "合同"),
        "customer" => ("customer", "客户"),
        "due_on" => ("due on", "到期日"),
        "freight" => ("freight", "运费"),
        "from" => ("from", "发自"),
        "id" => ("receipt", "收款单"),
        "invoice_no" => ("invoice", "发票"),
        "lines" => ("lines", "明细"),
        "mo" => ("production order", "生产订单"),
        "order_no" => ("order", "订单"),
        "pct" => ("progress", "进度"),
        "price" => ("price", "单价"),
        "product" => ("product", "产品"),
        "qty" => ("quantity", "数量"),
        "ready_on" => ("ready on", "可交日期"),
        "ref" => ("for", "对应"),
        "reg_no" => ("number", "登记号"),
        "short" => ("short", "缺口"),
        "signed_on" => ("signed on", "签收日期"),
        "total" => ("total", "总额"),
        "units" => ("pieces", "数量"),
        "wanted_on" => ("wanted on", "需求日期"),
        "warehouse" => ("warehouse", "仓库"),
        "waybill" => ("waybill", "运单"),
        other => (other, other),
    };
    said(en.replace('_', " "), zh)
}

/// Fields with their values: `invoice INV-1, due on 2025-06-24`. Lists show what is in them.
pub(super) fn fields(of: &Fields) -> Said {
    let one = |(name, value): (&countersign_core::name::Name, &Value)| {
        let (name, value) = (field(name), value_of(value)?);
        let space = if value.zh.starts_with('（') { "" } else { " " };
        Some(said(format!("{} {}", name.en, value.en), format!("{}{space}{}", name.zh, value.zh)))
    };
    let all: Vec<Said> = of.iter().filter_map(one).collect();
    let joined = |pick: fn(&Said) -> &str, by: &str| all.iter().map(pick).collect::<Vec<_>>().join(by);
    said(joined(|said| &said.en, ", "), joined(|said| &said.zh, "，"))
}

fn value_of(value: &Value) -> Option<Said> {
    let text = match value {
        Value::Missing => return None,
        // What does not hold need not be said.
        Value::Flag(false) => return None,
        Value::Flag(true) => said("yes", "是"),
        Value::List(items) if items.is_empty() => said("nothing", "无"),
        Value::List(items) => {
            let items: Vec<Said> = items.iter().filter_map(value_of).collect();
            let joined =
                |pick: fn(&Said) -> &str, by: &str| items.iter().map(pick).collect::<Vec<_>>().join(by);
            said(joined(|said| &said.en, "; "), joined(|said| &said.zh, "；"))
        }
        Value::Record(members) => {
            let inner = fields(members);
            said(format!("({})", inner.en), format!("（{}）", inner.zh))
        }
        Value::Money(_) => {
            let text = amount(value).as_ref().map(quantity).unwrap_or_default();
            said(text.clone(), text)
        }
        other => said(other.to_string(), other.to_string()),
    };
    Some(text)
}

/// What somebody answers.
pub(super) fn verdict(verdict: Verdict) -> Said {
    let (en, zh) = match verdict {
        Verdict::Approve => ("approves", "批准"),
        Verdict::Pass => ("passes", "审核通过"),
        Verdict::Object => ("objects", "有异议"),
        Verdict::Return => ("returns it", "退回"),
        Verdict::Reject => ("rejects it", "否决"),
        Verdict::Input => ("contributes", "已反馈"),
        Verdict::Submit => ("completes the document", "已补全"),
        Verdict::Done => ("has done it", "已办理"),
        Verdict::Refuse => ("refuses the work", "拒绝办理"),
        Verdict::Choose => ("chooses", "选择"),
    };
    said(en, zh)
}

/// What somebody is asked for.
pub(super) fn duty(duty: Duty) -> Said {
    let (en, zh) = match duty {
        Duty::Approve => ("to decide", "审批"),
        Duty::OnCall => ("to decide, if it wants to", "可调审"),
        Duty::Review => ("for an opinion", "提出评审意见"),
        Duty::Input => ("for a contribution", "会签"),
        Duty::Edit => ("to complete the document", "补全单据"),
        Duty::Task => ("for a piece of work", "办理"),
    };
    said(en, zh)
}
