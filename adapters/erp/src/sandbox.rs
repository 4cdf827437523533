//! The rules of the sandbox: an ERP that keeps contracts, stock, manufacturing orders and customers in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use countersign_adapter::sandbox::{Desk, Rules, decimal, nothing_there, text};
use countersign_adapter::{Declaration, Said, Work};
use countersign_messages::{CommandId, Document};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::declaration::DECLARATION;

/// What the sandbox finds in the world. Nothing set: everything is available, and nothing is refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErpSettings {
    /// Pieces in stock, by product. A product that is not here is always available.
    pub stock: BTreeMap<String, Decimal>,
    /// Days until what is short can be there, and the days that manufacturing takes at least.
    pub lead_days: i64,
    /// Pieces that one order may have; more is `NO_CAPACITY`.
    pub capacity: Option<Decimal>,
    /// Pieces that every order comes out short by.
    pub lost_in_making: Decimal,
    /// Seconds from acceptance to the finished order, in the sandbox's own time. Progress of 50% is told at half.
    pub making_seconds: u64,
    /// Work in progress, as an amount, by number of the sales order.
    pub wip: BTreeMap<String, Decimal>,
    /// In which currency.
    pub currency: String,
    /// Customers that cannot have a contract: `BAD_CUSTOMER`.
    pub bad_customers: BTreeSet<String>,
    /// Customers that somebody works on: `LOCKED`.
    pub locked_customers: BTreeSet<String>,
    /// The customers there are; none set: all. Others are `UNKNOWN`.
    pub customers: Option<BTreeSet<String>>,
    /// Products without a bill of materials: `BAD_BOM`.
    pub bad_boms: BTreeSet<String>,
    /// Contracts that cannot be voided any more: `IN_USE`.
    pub contracts_in_use: BTreeSet<String>,
    /// Whether the books are closed: `PERIOD_CLOSED`.
    pub period_closed: bool,
}

impl Default for ErpSettings {
    fn default() -> ErpSettings {
        ErpSettings {
            stock: BTreeMap::new(),
            lead_days: 7,
            capacity: None,
            lost_in_making: Decimal::ZERO,
            making_seconds: 3_600,
            wip: BTreeMap::new(),
            currency: "CNY".to_owned(),
            bad_customers: BTreeSet::new(),
            locked_customers: BTreeSet::new(),
            customers: None,
            bad_boms: BTreeSet::new(),
            contracts_in_use: BTreeSet::new(),
            period_closed: false,
        }
    }
}

/// The sandbox's books.
#[derive(Clone, Debug, Default)]
pub struct Erp {
    /// What it finds in the world; may be changed on the way.
    pub settings: ErpSettings,
    contracts: BTreeMap<String, Contract>,
    orders: BTreeMap<CommandId, Order>,
    customers: BTreeMap<String, Document>,
    /// What a customer was before a command changed it.
    before: BTreeMap<CommandId, (String, Option<Document>)>,
}

#[derive(Clone, Debug)]
struct Contract {
    reg_no: String,
    void: bool,
}

#[derive(Clone, Debug)]
struct Order {
    number: String,
    sales_order: String,
    finished_at: jiff::Timestamp,
    cancelled: bool,
}

/// The rules with these settings.
pub(crate) fn rules(settings: Value) -> Result<Box<dyn Rules>, String> {
    let settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    Ok(Box::new(Erp::new(settings)))
}

impl Erp {
    /// Empty books.
    pub fn new(settings: ErpSettings) -> Erp {
        Erp { settings, ..Erp::default() }
    }

    /// Registered contracts that are not void: their number and the one that they were registered under.
    pub fn contracts(&self) -> Vec<(&str, &str)> {
        let open = self.contracts.iter().filter(|(_, contract)| !contract.void);
        open.map(|(number, contract)| (number.as_str(), contract.reg_no.as_str())).collect()
    }

    /// Manufacturing orders that are not cancelled.
    pub fn orders(&self) -> Vec<&str> {
        self.orders.values().filter(|order| !order.cancelled).map(|order| order.number.as_str()).collect()
    }

    fn register(&mut self, work: &Work, desk: &mut Desk) -> Said {
        let Some(number) = text(work, "contract_no") else {
            return Said::unknown("expected a contract_no");
        };
        if self.settings.period_closed {
            return Said::refused("PERIOD_CLOSED", "the books of this period are closed");
        }
        if text(work, "customer").is_some_and(|customer| self.settings.bad_customers.contains(&customer)) {
            return Said::refused("BAD_CUSTOMER", "the customer cannot have a contract");
        }
        if self.contracts.get(&number).is_some_and(|contract| !contract.void) {
            return Said::refused("DUPLICATE", &format!("{number} is registered already"));
        }
        let reg_no = desk.number("REG");
        self.contracts.insert(number, Contract { reg_no: reg_no.clone(), void: false });
        done(json!({ "reg_no": reg_no }))
    }

    fn void(&mut self, work: &Work) -> Said {
        let (number, reg_no) = (text(work, "contract_no"), text(work, "reg_no"));
        let found = self.contracts.iter_mut().find(|(key, contract)| {
            number.as_ref() == Some(*key) || reg_no.as_ref() == Some(&contract.reg_no)
        });
        match found {
            Some((number, _)) if self.settings.contracts_in_use.contains(number) => {
                Said::refused("IN_USE", "goods have been delivered under it")
            }
            Some((_, contract)) if !contract.void => {
                contract.void = true;
                done(json!({}))
            }
            _ => nothing_there(&DECLARATION, work, "expected a contract that is registered"),
        }
    }

    fn available(&self, work: &Work, desk: &Desk) -> Said {
        let mut wanted: BTreeMap<&str, Decimal> = BTreeMap::new();
        let lines = work.command.with.0.get("lines").and_then(Value::as_array);
        for line in lines.into_iter().flatten() {
            let Some(product) = line.get("product").and_then(Value::as_str) else { continue };
            let units =
                line.get("qty").or_else(|| line.get("units")).map(Value::to_string).unwrap_or_default();
            let units = Decimal::from_str_exact(units.trim_matches('"')).unwrap_or_default();
            let so_far = wanted.entry(product).or_default();
            *so_far = so_far.saturating_add(units);
        }
        let ready_on = desk.day_in(self.settings.lead_days).to_string();
        let short: Vec<Value> = wanted
            .into_iter()
            .filter_map(|(product, units)| {
                let missing = units.saturating_sub(*self.settings.stock.get(product)?);
                (missing > Decimal::ZERO)
                    .then(|| json!({ "product": product, "units": literal(missing), "ready_on": ready_on }))
            })
            .collect();
        done(json!({ "short": short }))
    }

    fn make(&mut self, work: &Work, desk: &mut Desk) -> Said {
        let (product, units) = (text(work, "product").unwrap_or_default(), decimal(work, "units"));
        let Some(units) = units.filter(|units| *units > Decimal::ZERO) else {
            return Said::refused("BAD_BOM", "expected a number of units above 0");
        };
        if self.settings.bad_boms.contains(&product) {
            return Said::refused("BAD_BOM", &format!("{product} has no bill of materials"));
        }
        if let Some(capacity) = self.settings.capacity.filter(|capacity| units > *capacity) {
            return Said::refused("NO_CAPACITY", &format!("at most {capacity} can be made"));
        }
        let earliest = desk.day_in(self.settings.lead_days);
        let wanted = text(work, "wanted_on").and_then(|day| day.parse::<Date>().ok());
        let ready_on = wanted.map_or(earliest, |wanted| wanted.max(earliest));
        let making = Duration::from_secs(self.settings.making_seconds);
        let made = units.saturating_sub(self.settings.lost_in_making).max(Decimal::ZERO);
        let number = desk.number("MO");
        let order = Order {
            number: number.clone(),
            sales_order: text(work, "order_no").unwrap_or_default(),
            finished_at: desk.now().checked_add(making).unwrap_or(jiff::Timestamp::MAX),
            cancelled: false,
        };
        self.orders.insert(work.id().clone(), order);
        desk.answer_after(making / 2, Said::progress(fields(json!({ "pct": "50%" }))));
        desk.answer_after(making, done(json!({ "units": literal(made) })));
        Said::accepted(fields(json!({ "mo": number, "ready_on": ready_on.to_string() })))
    }

    fn cancel(&mut self, work: &Work, desk: &mut Desk) -> Said {
        let number = text(work, "mo");
        let undone = work.command.undoes.as_ref().map(|undoes| &undoes.command_id);
        let found = self
            .orders
            .iter_mut()
            .find(|(id, order)| Some(*id) == undone || number.as_ref() == Some(&order.number));
        match found.filter(|(_, order)| !order.cancelled) {
            Some((_, order)) if order.finished_at <= desk.now() => {
                Said::refused("FINISHED", &format!("{} is finished", order.number))
            }
            Some((id, order)) => {
                order.cancelled = true;
                desk.recall(id);
                let sales_order = order.sales_order.clone();
                self.wip(&sales_order)
            }
            None => nothing_there(&DECLARATION, work, "expected an order that is being made"),
        }
    }

    fn wip(&self, sales_order: &str) -> Said {
        let amount = self.settings.wip.get(sales_order).copied().unwrap_or_default();
        let amount = format!("{amount:.2}");
        done(json!({ "wip": { "amount": amount, "currency": self.settings.currency } }))
    }

    fn update(&mut self, work: &Work) -> Said {
        let customer = text(work, "customer").unwrap_or_default();
        if let Some(refused) = self.barred(&customer) {
            return refused;
        }
        let mut record = work.command.with.0.clone();
        record.remove("customer");
        let before = self.customers.insert(customer.clone(), Document(record));
        self.before.insert(work.id().clone(), (customer, before));
        done(json!({}))
    }

    fn restore(&mut self, work: &Work) -> Said {
        let undone = work.command.undoes.as_ref().map(|undoes| &undoes.command_id);
        let Some((customer, _)) = undone.and_then(|id| self.before.get(id)) else {
            return Said::refused("UNKNOWN", "expected a change of a customer that can be taken back");
        };
        if self.settings.locked_customers.contains(customer) {
            return Said::refused("LOCKED", "somebody works on the customer");
        }
        if let Some((customer, before)) = undone.and_then(|id| self.before.remove(id)) {
            match before {
                Some(record) => self.customers.insert(customer, record),
                None => self.customers.remove(&customer),
            };
        }
        done(json!({}))
    }

    fn barred(&self, customer: &str) -> Option<Said> {
        if self.settings.locked_customers.contains(customer) {
            return Some(Said::refused("LOCKED", "somebody works on the customer"));
        }
        let unknown = self.settings.customers.as_ref().is_some_and(|known| !known.contains(customer));
        (unknown || customer.is_empty())
            .then(|| Said::refused("UNKNOWN", "expected a customer that is on file"))
    }

    /// A customer as it was last updated.
    pub fn customer(&self, customer: &str) -> Option<&Document> {
        self.customers.get(customer)
    }
}

impl Rules for Erp {
    fn declaration(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn perform(&mut self, work: &Work, desk: &mut Desk) -> Vec<Said> {
        let said = match work.name().as_str() {
            "contract.register" => self.register(work, desk),
            "contract.void" => self.void(work),
            "atp.query" => self.available(work, desk),
            "mo.create" => self.make(work, desk),
            "mo.cancel" => self.cancel(work, desk),
            "wip.query" => self.wip(&text(work, "order_no").unwrap_or_default()),
            "customer.update" => self.update(work),
            "customer.restore" => self.restore(work),
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

/// A number with every digit that it has.
fn literal(number: Decimal) -> Value {
    number.to_string().parse().map_or(Value::Null, Value::Number)
}
