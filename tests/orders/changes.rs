//! Customers change their minds: orders are cancelled, goods come back.

use countersign_core::command::Body;
use countersign_core::name::Name;
use countersign_core::value::{Raw, Value};
use rust_decimal::Decimal;

use super::hands::Hands;
use super::raw::{record, text};

impl Hands {
    /// An order is given up: before there is a contract simply so, afterwards by a document of its own.
    pub(crate) fn cancel(&mut self, case: u64) {
        if self.ask(case, "give-up", ("H29", "kam_js")) {
            return;
        }
        let order = self.fields(case, ["order_no", "customer"]);
        let Some([order_no, customer]) = order else { return };
        self.change([("kind", text("cancel")), ("order_no", text(order_no)), ("customer", text(customer))]);
    }

    /// A unit comes back of what an invoice was written for; faulty, so that no day is too late for it. More of the
    /// delivery may be on its way, or the order about to be cancelled.
    pub(crate) fn give_back(&mut self, invoice: u64) {
        let parent = self.house.read(move |state| state.case(invoice)?.parent());
        let bill = self.fields(invoice, ["order_no", "customer", "billing_no"]);
        let delivery = parent.and_then(|parent| self.fields(parent, ["delivery_no"]));
        let (Some([order_no, customer, billing_no]), Some([delivery_no])) = (bill, delivery) else { return };
        self.change([
            ("kind", text("return")),
            ("order_no", text(order_no)),
            ("customer", text(customer)),
            ("return_reason", text("quality")),
            ("billing_no", text(billing_no)),
            ("delivery_no", text(delivery_no)),
            ("units", Raw::Number(Decimal::ONE.to_string())),
        ]);
    }

    fn change<const N: usize>(&mut self, fields: [(&str, Raw); N]) {
        let chain = Name::from("change-cancel-return");
        let body = Body::Submit { chain, document: record(fields), addressee: None };
        let incoming = self.house.request(&Name::from("H29"), &Name::from("kam_js"), body);
        if self.say(incoming).accepted().is_some() {
            self.count("orders changed");
        }
    }

    /// Texts of a case's document, where it has them all.
    fn fields<const N: usize>(&mut self, case: u64, names: [&'static str; N]) -> Option<[String; N]> {
        self.house.read(move |state| {
            let fields = state.case(case)?.fields();
            let texts = names.map(|name| fields.get(name).filter(|value| **value != Value::Missing));
            texts
                .iter()
                .all(Option::is_some)
                .then(|| texts.map(|text| text.map(ToString::to_string).unwrap_or_default()))
        })
    }
}
