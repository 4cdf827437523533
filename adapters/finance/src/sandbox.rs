//! The rules of the sandbox: books that keep invoices and bookings in memory, and customers who pay as they are told.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_adapter::sandbox::{Desk, Rules, decimal, money, nothing_there, text};
use countersign_adapter::{Declaration, Said, Work};
use countersign_messages::{CommandId, Document};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::declaration::DECLARATION;

/// How customers pay their invoices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Pays {
    /// In full.
    #[default]
    Full,
    /// So much less.
    Short(Decimal),
    /// So much more.
    Over(Decimal),
    /// Not at all.
    Never,
}

/// What the sandbox finds in the world. Nothing set: everything is booked, and customers pay in full.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FinanceSettings {
    /// Days until an invoice is due, where the command does not say.
    pub days: i64,
    /// How customers pay.
    pub pays: Pays,
    /// How the invoices to come are paid, in their order, before `pays` applies.
    pub pays_next: Vec<Pays>,
    /// Seconds until an invoice is acknowledged; absent: it never is.
    pub acknowledged_seconds: Option<u64>,
    /// Seconds until it is paid.
    pub paid_seconds: u64,
    /// Whether receipts name the invoice that they are for.
    pub names_invoice: bool,
    /// What is refused, by verb: the code.
    pub refuses: BTreeMap<String, String>,
}

impl Default for FinanceSettings {
    fn default() -> FinanceSettings {
        FinanceSettings {
            days: 60,
            pays: Pays::Full,
            pays_next: Vec::new(),
            acknowledged_seconds: Some(3_600),
            paid_seconds: 86_400,
            names_invoice: true,
            refuses: BTreeMap::new(),
        }
    }
}

/// The sandbox's books.
#[derive(Clone, Debug, Default)]
pub struct Finance {
    /// What it finds in the world; may be changed on the way.
    pub settings: FinanceSettings,
    invoices: BTreeMap<CommandId, Invoice>,
    bookings: BTreeMap<CommandId, Booking>,
}

#[derive(Clone, Debug)]
struct Invoice {
    number: String,
    /// What no credit note has taken back.
    left: Decimal,
}

#[derive(Clone, Debug)]
struct Booking {
    kind: &'static str,
    number: String,
    /// The invoice that it is about, where it names one.
    invoice: Option<String>,
    /// What has not been reversed.
    left: Decimal,
}

/// The rules with these settings.
pub(crate) fn rules(settings: Value) -> Result<Box<dyn Rules>, String> {
    let settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    Ok(Box::new(Finance::new(settings)))
}

impl Finance {
    /// Empty books.
    pub fn new(settings: FinanceSettings) -> Finance {
        Finance { settings, ..Finance::default() }
    }

    /// Invoices that have not been credited in full.
    pub fn invoices(&self) -> Vec<&str> {
        let open = self.invoices.values().filter(|invoice| !invoice.left.is_zero());
        open.map(|invoice| invoice.number.as_str()).collect()
    }

    /// Bookings that have not been reversed in full: their kind and number.
    pub fn bookings(&self) -> Vec<(&'static str, &str)> {
        let open = self.bookings.values().filter(|booking| !booking.left.is_zero());
        open.map(|booking| (booking.kind, booking.number.as_str())).collect()
    }

    fn issue(&mut self, work: &Work, desk: &mut Desk) -> Said {
        let Some((amount, currency)) = money(work, "amount").filter(|(amount, _)| *amount > Decimal::ZERO)
        else {
            return Said::refused("BAD_AMOUNT", "expected an amount above 0");
        };
        let Some(customer) = text(work, "customer") else {
            return Said::refused("NO_CUSTOMER", "expected a customer");
        };
        let number = desk.number("INV");
        let days =
            decimal(work, "days").and_then(|days| i64::try_from(days).ok()).unwrap_or(self.settings.days);
        if let Some(seconds) = self.settings.acknowledged_seconds {
            let data = fields(json!({ "invoice_no": number }));
            desk.fact_after(Duration::from_secs(seconds), "invoice.acknowledged", data);
        }
        let pays = match self.settings.pays_next.is_empty() {
            true => self.settings.pays,
            false => self.settings.pays_next.remove(0),
        };
        let paid = match pays {
            Pays::Full => Some(amount),
            Pays::Short(by) => Some(amount.saturating_sub(by)),
            Pays::Over(by) => Some(amount.saturating_add(by)),
            Pays::Never => None,
        };
        if let Some(paid) = paid.filter(|paid| *paid > Decimal::ZERO) {
            let receipt = desk.number("R");
            let amount = json!({ "amount": paid.to_string(), "currency": currency });
            let mut data = fields(json!({ "id": receipt, "customer": customer, "amount": amount }));
            if self.settings.names_invoice {
                data.0.insert("ref".to_owned(), json!(number));
            }
            desk.fact_after(Duration::from_secs(self.settings.paid_seconds), "receipt.posted", data);
        }
        self.invoices.insert(work.id().clone(), Invoice { number: number.clone(), left: amount });
        done(json!({ "invoice_no": number, "due_on": desk.day_in(days).to_string() }))
    }

    /// Takes back all that is left of an invoice, or so much of it.
    fn credit(&mut self, work: &Work, desk: &mut Desk) -> Said {
        let number = text(work, "invoice_no");
        let undone = work.command.undoes.as_ref().map(|undoes| &undoes.command_id);
        // An undo takes back all that is left, whatever its command was about.
        let part = money(work, "amount").map(|(amount, _)| amount).filter(|_| undone.is_none());
        let mut invoices = self.invoices.iter_mut();
        let found = invoices.find(|(id, of)| Some(*id) == undone || number.as_ref() == Some(&of.number));
        match found {
            Some((_, invoice)) if invoice.left.is_zero() => {
                Said::refused("ALREADY_CREDITED", &format!("{} is credited already", invoice.number))
            }
            Some((_, invoice)) if part.is_some_and(|part| part <= Decimal::ZERO || part > invoice.left) => {
                Said::refused(
                    "BAD_AMOUNT",
                    &format!("at most {} of {} is left", invoice.left, invoice.number),
                )
            }
            Some((id, invoice)) => {
                invoice.left = invoice.left.saturating_sub(part.unwrap_or(invoice.left));
                // Nobody pays an invoice that was taken back.
                if invoice.left.is_zero() {
                    desk.recall(id);
                }
                done(json!({ "note_no": desk.number("CN") }))
            }
            None => Said::refused("UNKNOWN_INVOICE", "expected the number of an invoice"),
        }
    }

    /// Books an amount, with a number of this kind in the answer where the verb has one.
    fn book(&mut self, work: &Work, desk: &mut Desk, kind: &'static str, numbered: bool) -> Said {
        // A difference may go either way.
        let Some((left, _)) = money(work, "amount").filter(|(amount, _)| !amount.is_zero()) else {
            return Said::refused("BAD_AMOUNT", "expected an amount other than 0");
        };
        let number = desk.number(kind);
        let booking = Booking { kind, number: number.clone(), invoice: text(work, "invoice_no"), left };
        self.bookings.insert(work.id().clone(), booking);
        done(if numbered { json!({ "payment_no": number }) } else { json!({}) })
    }

    /// Takes back all that is left of a booking, or so much of it; found by its number, or by its invoice.
    fn reverse(&mut self, work: &Work, kind: &'static str) -> Said {
        let (number, invoice) = (text(work, "payment_no"), text(work, "invoice_no"));
        let undone = work.command.undoes.as_ref().map(|undoes| &undoes.command_id);
        // An undo takes back all that is left, whatever its command was about.
        let part = money(work, "amount").map(|(amount, _)| amount).filter(|_| undone.is_none());
        let mut bookings = self.bookings.iter_mut().filter(|(_, booking)| booking.kind == kind);
        let found = bookings.find(|(id, of)| match undone {
            Some(undone) => *id == undone,
            None => number.as_ref() == Some(&of.number) || invoice.is_some() && invoice == of.invoice,
        });
        match found.filter(|(_, booking)| !booking.left.is_zero()) {
            Some((_, booking)) if part.is_some_and(|part| part.abs() > booking.left.abs()) => Said::refused(
                "BAD_AMOUNT",
                &format!("at most {} of {} is left", booking.left, booking.number),
            ),
            Some((_, booking)) => {
                booking.left = booking.left.saturating_sub(part.unwrap_or(booking.left));
                done(json!({}))
            }
            None => nothing_there(&DECLARATION, work, "expected a booking that can be taken back"),
        }
    }
}

impl Rules for Finance {
    fn declaration(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn perform(&mut self, work: &Work, desk: &mut Desk) -> Vec<Said> {
        let name = work.name();
        if let Some(code) = self.settings.refuses.get(&name) {
            return vec![Said::refused(code, "the sandbox was told to refuse")];
        }
        let said = match name.as_str() {
            "invoice.issue" => self.issue(work, desk),
            "invoice.credit" => self.credit(work, desk),
            "payment.create" => self.book(work, desk, "PAY", true),
            "payment.reverse" => self.reverse(work, "PAY"),
            "receivable.offset" => self.book(work, desk, "OFF", true),
            "receivable.restore" => self.reverse(work, "OFF"),
            "refund.pay" => self.book(work, desk, "REF", true),
            "difference.book" => self.book(work, desk, "DIFF", false),
            "difference.unbook" => self.reverse(work, "DIFF"),
            "writeoff.book" => self.book(work, desk, "WO", false),
            "writeoff.reverse" => self.reverse(work, "WO"),
            other => Said::unknown(&format!("the sandbox knows no {other}")),
        };
        vec![said]
    }
}

fn done(value: Value) -> Said {
    Said::done(fields(value))
}

fn fields(value: Value) -> Document {
    match value {
        Value::Object(members) => Document(members),
        _ => Document(Map::new()),
    }
}
