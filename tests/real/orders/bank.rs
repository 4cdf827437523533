//! Customers, who pay what their invoices say: in full, less what was credited, when it is due or as many days later as
//! is their custom. The receipts come through the finance adapter, as they would from a bank.

use std::sync::Arc;

use countersign_adapter::sandbox::{Office, Rules};
use countersign_adapter::time::{Clock, SystemClock};
use countersign_core::time::Date;
use countersign_messages::Document;
use serde_json::json;

use crate::world::{Seen, World};

/// Where receipts come from.
#[derive(Clone)]
pub(crate) struct Bank {
    office: Office<Box<dyn Rules>>,
    world: Arc<World>,
}

/// Days after the due day, for customers whose number ends so. `recompute.py` has the same.
fn late(customer: &str) -> i32 {
    match customer.as_bytes().last() {
        Some(b'7') => 20,
        Some(b'8') => 45,
        Some(b'9') => 100,
        _ => 0,
    }
}

impl Bank {
    pub(crate) fn new(office: Office<Box<dyn Rules>>, world: Arc<World>) -> Bank {
        Bank { office, world }
    }

    /// Lets a customer pay those of the orders that are to be paid until a day; all of them where there is none. Gives
    /// those that are over, in full, once they are.
    pub(crate) async fn pay(self, customer: String, orders: Vec<String>, until: Option<Date>) -> Vec<String> {
        let mut paid = Vec::new();
        for case in orders {
            let due = self.world.until(&case, |seen| Date::parse(seen.fact("due_on"))).await;
            let day = due.plus_days(late(&customer)).expect("a day of the calendar");
            if until.is_some_and(|until| day > until) {
                continue;
            }
            if let Some((invoice, owed)) = self.world.until(&case, billed).await {
                let receipt = json!({
                    "id": format!("R-{case}"), "customer": customer, "ref": invoice, "posted_on": day.to_string(),
                    "amount": { "amount": owed.to_string(), "currency": "GBP" },
                });
                let receipt = Document(receipt.as_object().cloned().expect("an object"));
                let now = SystemClock.now();
                let told = self.office.sandbox().tell("receipt.posted", &format!("R-{case}"), receipt, now);
                assert!(told, "the bank may tell of receipts");
            }
            paid.push(case);
        }
        for case in &paid {
            self.world.until(case, |seen| seen.end.clone()).await;
        }
        paid
    }
}

/// The invoice that waits to be paid, and how much; None: the order is over. Nothing: neither.
fn billed(seen: &Seen) -> Option<Option<(String, rust_decimal::Decimal)>> {
    if seen.end.is_some() {
        return Some(None);
    }
    (seen.state == "open").then(|| Some((seen.fact("invoice_no").to_owned(), seen.owed())))
}
