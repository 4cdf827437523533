//! The chapters of the story, and with which events they begin.

use countersign_core::event::Event;

use super::known::Known;
use super::teller::{Said, said};

/// The chapters in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Chapter {
    /// Can it be had, may it be sold?
    Evaluation,
    /// Reviews, signatures, registration, seals.
    Contract,
    /// Money before goods.
    Prepayment,
    /// What is short is made.
    Production,
    /// Two deliveries, an invoice each.
    Deliveries,
    /// The customer pays.
    Payments,
    /// Not quite everything.
    Difference,
}

impl Chapter {
    /// The chapter that an event belongs to, if it begins one. A story never goes back to an earlier one.
    pub(super) fn of(event: &Event, known: &Known) -> Option<Chapter> {
        match event {
            Event::CaseSubmitted(e) => match known.chain(e.case) {
                "order-to-cash" | "order-evaluation" => Some(Chapter::Evaluation),
                "contract-review" => Some(Chapter::Contract),
                "production-order" => Some(Chapter::Production),
                "delivery" => Some(Chapter::Deliveries),
                _ => None,
            },
            Event::StateEntered(e) if *e.name == *"prepaying" => Some(Chapter::Prepayment),
            Event::FactReceived(e) if *e.fact == *"finance.receipt.posted" => Some(Chapter::Payments),
            Event::TaskOpened(e) if known.chain(e.case) == "invoice-settlement" => Some(Chapter::Difference),
            _ => None,
        }
    }

    /// Its number, from 1.
    pub(super) fn number(self) -> usize {
        self as usize + 1
    }

    /// Its title.
    pub(super) fn title(self) -> Said {
        match self {
            Chapter::Evaluation => said("The order is evaluated", "订单评审"),
            Chapter::Contract => said("The contract is reviewed, signed and sealed", "合同评审、签批与盖章"),
            Chapter::Prepayment => said("The prepayment arrives", "预付款到账"),
            Chapter::Production => said("What is short is made", "缺口投产"),
            Chapter::Deliveries => said("Two deliveries, an invoice each", "两次交付，各开一张发票"),
            Chapter::Payments => said("The customer pays", "客户回款"),
            Chapter::Difference => said("The small difference", "尾差核销"),
        }
    }
}
