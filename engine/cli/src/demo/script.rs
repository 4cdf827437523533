//! Who does what, and when. What comes of it is not written here: the company's rules, the engine and the systems
//! beside it decide that.

use countersign_adapter_finance::Finance;
use countersign_core::time::Timestamp;
use countersign_messages::Verdict;
use serde_json::{Value, json};

use super::office::{Office, moment};
use super::people::{Answer, People, fields};
use super::stage::Stage;
use crate::exit::Failure;

/// The order's number.
const ORDER: &str = "SO-2025-118";
/// What the contract, and then the order, say.
const CUSTOMER: &str = "CU-JS-002";

/// Something that somebody does at its time.
pub(super) struct Cue {
    /// When.
    pub(super) at: Timestamp,
    act: Act,
}

enum Act {
    Submit,
    Answer(Answer),
    /// Finance tells a fact, so many times.
    Told {
        fact: &'static str,
        id: &'static str,
        data: Value,
        times: u8,
    },
    /// How many seconds the deliveries to come take.
    Road(u64),
}

/// All of it, in order.
pub(super) fn cues() -> Result<Vec<Cue>, Failure> {
    let mut cues = vec![cue("2025-04-14T09:00", Act::Submit)?];
    for (at, post, chain, verdict) in [
        ("2025-04-14T10:00", "credit_controller", "contract-review", Verdict::Pass),
        ("2025-04-14T11:30", "legal", "contract-review", Verdict::Pass),
        ("2025-04-14T14:00", "bgm_js", "contract-review", Verdict::Pass),
        ("2025-04-14T16:30", "region_east_head", "contract-review", Verdict::Approve),
        ("2025-04-15T09:15", "kam_js", "contract-review", Verdict::Done),
        ("2025-04-15T10:00", "file_custodian", "contract-review", Verdict::Done),
    ] {
        cues.push(cue(at, signed(post, chain, verdict))?);
    }
    let prepaid = json!({ "order_no": ORDER, "amount": cny("68000.00") });
    cues.push(told("2025-04-16T11:00", ("prepayment.posted", "bank-20250416-0031"), prepaid, 2)?);
    cues.push(cue("2025-04-16T13:40", signed("prod_planner", "production-order", Verdict::Approve))?);
    cues.push(cue("2025-04-24T15:00", allocated(120, "SF", "8000.00"))?);
    cues.push(cue("2025-04-24T15:10", allocated(80, "Deppon", "6500.00"))?);
    cues.push(cue("2025-04-24T15:30", freight(120))?);
    // The second one goes by a slower carrier.
    cues.push(cue("2025-04-24T15:50", Act::Road(66 * 3_600))?);
    cues.push(cue("2025-04-24T15:50", freight(80))?);
    cues.push(cue("2025-05-23T11:00", signed("ar_accountant", "invoice-settlement", Verdict::Pass))?);
    cues.push(cue("2025-05-23T15:00", signed("credit_controller", "invoice-settlement", Verdict::Approve))?);
    Ok(cues)
}

/// Plays one of them.
pub(super) fn play(cue: &Cue, stage: &mut Stage, people: &mut People) -> Result<(), Failure> {
    match &cue.act {
        Act::Submit => {
            people.submit(stage, ("kam_js", "order-to-cash"), order())?;
        }
        Act::Answer(answer) => people.answer(stage, answer)?,
        Act::Told { fact, id, data, times } => {
            for _ in 0..*times {
                tell(&stage.finance, (fact, id), data.clone(), cue.at)?;
            }
        }
        Act::Road(seconds) => {
            stage.logistics.system().rules_mut().settings.delivery_seconds = *seconds;
        }
    }
    stage.rest()
}

/// 200 bicycles in two deliveries, 10% of it prepaid.
fn order() -> Value {
    let delivery = |number: &str, units: u32, by: &str| {
        json!({ "delivery_no": number, "branch": "js", "product": "EB-P", "units": units, "price": cny("3400.00"),
            "by": by })
    };
    json!({
        "order_no": ORDER, "contract_no": "HT-2025-118", "customer": CUSTOMER,
        "lines": [{ "product": "EB-P", "qty": 200, "price": cny("3400.00") }],
        "deliveries": [delivery("DL-1", 120, "2025-05-08"), delivery("DL-2", 80, "2025-05-12")],
        "days": 60, "prepay": "10%", "deliver_in": 30, "non_standard_clauses": [],
    })
}

fn signed(post: &'static str, chain: &'static str, verdict: Verdict) -> Act {
    Act::Answer(Answer { post, chain, about: None, verdict, fields: None })
}

/// The one dispatch window says how a delivery goes.
fn allocated(units: u32, carrier: &str, freight: &str) -> Act {
    Act::Answer(Answer {
        post: "plan_dispatch_head",
        chain: "logistics-dispatch",
        about: Some(("units", json!(units))),
        verdict: Verdict::Done,
        fields: Some(json!({ "warehouse": "W1", "carrier": carrier, "freight": cny(freight) })),
    })
}

fn freight(units: u32) -> Act {
    Act::Answer(Answer {
        post: "logistics_head",
        chain: "logistics-dispatch",
        about: Some(("units", json!(units))),
        verdict: Verdict::Approve,
        fields: None,
    })
}

fn told(at: &str, (fact, id): (&'static str, &'static str), data: Value, times: u8) -> Result<Cue, Failure> {
    cue(at, Act::Told { fact, id, data, times })
}

fn tell(
    finance: &Office<Finance>,
    (fact, id): (&str, &str),
    data: Value,
    at: Timestamp,
) -> Result<(), Failure> {
    if finance.system().tell(fact, id, fields(data)?, moment(at)) {
        return Ok(());
    }
    Err(Failure::internal(format!("expected finance to declare {fact}")))
}

fn cue(at: &str, act: Act) -> Result<Cue, Failure> {
    let text = format!("{at}:00+08:00");
    let at = Timestamp::parse(&text);
    let at = at.ok_or_else(|| Failure::internal(format!("expected a time, found {text}")))?;
    Ok(Cue { at, act })
}

fn cny(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "CNY" })
}
