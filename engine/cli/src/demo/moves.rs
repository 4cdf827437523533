//! What is done on the stage: requests, as a back-office system would send them, and what comes of them.

use countersign_messages as wire;
use countersign_messages::{Accepted, CaseView, Document, ErrorBody, Request, TimelineEntry, Verdict};
use serde_json::{Value, json};

use super::stage::{Envelope, Stage};
use crate::exit::Failure;

/// The system that the people of the story use.
const CRM: &str = "crm";
/// The system that reports seals.
const SEAL_DESK: &str = "seal-desk";
/// The case of the story.
pub(super) const CASE: &str = "C-1";
/// Its contract's number.
pub(super) const CONTRACT: &str = "HT-2025-0421";

/// What the engine said.
pub(super) type Outcome<T> = Result<T, ErrorBody>;

/// The contract: CNY 300,000.01, one fen beyond what the branch manager may decide.
pub(super) fn contract(days: u32) -> Result<Document, Failure> {
    let line = |product: &str, qty: u32, price: &str| json!({ "product": product, "qty": qty, "price": { "amount": price, "currency": "CNY" } });
    let document = json!({
        "contract_no": CONTRACT, "customer": "CU-JS-001", "days": days, "prepay": "10%", "deliver_in": 30,
        "lines": [line("EB-P", 60, "3400.00"), line("EB-S", 36, "2600.00"), line("EB-S", 1, "2400.01")],
    });
    serde_json::from_value(document).map_err(Failure::internal)
}

/// A name that is known to be one.
fn name(text: &str) -> Result<wire::Name, Failure> {
    wire::Name::new(text).map_err(Failure::internal)
}

impl Stage {
    pub(super) fn preview(
        &mut self,
        position: &str,
        days: u32,
    ) -> Result<Outcome<wire::PreviewView>, Failure> {
        let Envelope { request_id, sent_at, person, position } = self.envelope(position)?;
        let (chain, document) = (name("contract-review")?, contract(days)?);
        let request =
            Request::Preview(wire::Preview { request_id, sent_at, person, position, chain, document });
        Ok(self.ask(CRM, &request)?.map(|(view, _)| view))
    }

    pub(super) fn submit(&mut self, to: Option<&str>, days: u32) -> Result<Outcome<Accepted>, Failure> {
        let Envelope { request_id, sent_at, person, position } = self.envelope("rep_js1")?;
        let (chain, document) = (name("contract-review")?, contract(days)?);
        let (addressee, reason) = (to.map(name).transpose()?, None);
        let submit =
            wire::Submit { request_id, sent_at, person, position, chain, document, addressee, reason };
        Ok(self.ask(CRM, &Request::Submit(submit))?.map(|(accepted, _)| accepted))
    }

    pub(super) fn resubmit(&mut self, days: u32) -> Result<Outcome<Accepted>, Failure> {
        let version = self.case()?.version;
        let Envelope { request_id, sent_at, person, position } = self.envelope("rep_js1")?;
        let (case, document, reason) = (name(CASE)?, contract(days)?, None);
        let resubmit =
            wire::Resubmit { request_id, sent_at, person, position, case, version, document, reason };
        Ok(self.ask(CRM, &Request::Resubmit(resubmit))?.map(|(accepted, _)| accepted))
    }

    /// The holder of `position` answers the open task of `of`, which is their own but in an attempt.
    pub(super) fn decide(
        &mut self,
        position: &str,
        of: &str,
        verdict: Verdict,
        reason: Option<&str>,
    ) -> Result<Outcome<Accepted>, Failure> {
        let case = self.case()?;
        let task = case.waiting_for.iter().find(|task| task.position == of).map(|task| task.task.clone());
        let task = task.ok_or_else(|| Failure::new("STORY", format!("expected {of} to be asked")))?;
        let Envelope { request_id, sent_at, person, position } = self.envelope(position)?;
        let (content_hash, version, to, fields, overrides) = (case.content_hash, 1, None, None, false);
        let reason = reason.map(wire::Reason::new).transpose().map_err(Failure::internal)?;
        let (case, task) = (name(CASE)?, name(&task)?);
        let decide = wire::Decide {
            request_id,
            sent_at,
            person,
            position,
            case,
            task,
            version,
            content_hash,
            verdict,
            reason,
            to,
            choice: None,
            fields,
            overrides,
        };
        Ok(self.ask(CRM, &Request::Decide(decide))?.map(|(accepted, _)| accepted))
    }

    pub(super) fn sealed(&mut self) -> Result<Outcome<wire::FactAccepted>, Failure> {
        let Envelope { request_id, sent_at, .. } = self.envelope("rep_js1")?;
        let fact = wire::FactName::new("seal-desk.contract.sealed").map_err(Failure::internal)?;
        let data = json!({ "contract_no": CONTRACT, "seals": "both" });
        let data = serde_json::from_value(data).map_err(Failure::internal)?;
        let (person, position, key, message_id) = (None, None, None, name("seal-2025-0424-1")?);
        let fact = wire::Fact { request_id, sent_at, person, position, fact, message_id, key, data };
        Ok(self.ask(SEAL_DESK, &Request::Fact(fact))?.map(|(accepted, _)| accepted))
    }

    /// The case as it stands, with everything that has happened.
    pub(super) fn case(&mut self) -> Result<CaseView, Failure> {
        let at_least = Some(self.settled()?);
        let Envelope { request_id, sent_at, person, position } = self.envelope("rep_js1")?;
        let case = name(CASE)?;
        let request = Request::Case(wire::Case { request_id, sent_at, person, position, case, at_least });
        Ok(self.ask(CRM, &request)??.0)
    }

    /// What has happened to the case since a sequence.
    pub(super) fn since(&mut self, sequence: u64) -> Result<Vec<TimelineEntry>, Failure> {
        let at_least = Some(self.settled()?);
        let Envelope { request_id, sent_at, person, position } = self.envelope("rep_js1")?;
        let (case, from, limit) = (name(CASE)?, Some(sequence + 1), Some(500));
        let timeline =
            wire::Timeline { request_id, sent_at, person, position, case, at_least, all: false, from, limit };
        let (view, _): (wire::TimelineView, u64) = self.ask(CRM, &Request::Timeline(timeline))??;
        Ok(view.entries)
    }

    /// Why somebody is asked.
    pub(super) fn explain(&mut self, task: &str) -> Result<Vec<String>, Failure> {
        let Envelope { request_id, sent_at, person, position } = self.envelope("rep_js1")?;
        let (case, task, signature, who) = (name(CASE)?, Some(name(task)?), None, None);
        let explain = wire::Explain { request_id, sent_at, person, position, case, task, signature, who };
        let (view, _): (wire::Explanation, u64) = self.ask(CRM, &Request::Explain(explain))??;
        Ok(view.lines.into_iter().map(|line| line.text.en).collect())
    }
}

/// A request's outcome for programs.
pub(super) fn shown<T: serde::Serialize>(outcome: &Outcome<T>) -> Value {
    match outcome {
        Ok(value) => json!({ "ok": value }),
        Err(error) => json!({ "error": error }),
    }
}
