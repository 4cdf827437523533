//! The rules of the sandbox: a warehouse and carriers that keep stock, reservations and shipments in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use countersign_adapter::sandbox::{Desk, Rules, decimal, nothing_there, text};
use countersign_adapter::{Declaration, Said, Work};
use countersign_messages::{AnswerWord, CommandId, Document, Outcome};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::declaration::DECLARATION;

/// What the sandbox finds in the world. Nothing set: there is enough of everything, and it arrives whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogisticsSettings {
    /// Pieces in stock, by product. Of a product that is not here there is always enough.
    pub stock: BTreeMap<String, Decimal>,
    /// Carriers that take nothing: `NO_CARRIER`.
    pub full_carriers: BTreeSet<String>,
    /// Branches that cannot be delivered to: `BAD_ADDRESS`.
    pub bad_branches: BTreeSet<String>,
    /// Seconds until the goods are picked up, from when on a shipment cannot be cancelled.
    pub pick_up_seconds: u64,
    /// Seconds until the goods are delivered and signed for.
    pub delivery_seconds: u64,
    /// Whether the delivery is told at all.
    pub delivers: bool,
    /// Pieces that every delivery loses on the way.
    pub lost: Decimal,
    /// Pieces lost by the shipments to come, in their order, before `lost` applies.
    pub lost_next: Vec<Decimal>,
    /// Waybills whose goods come back `DAMAGED`.
    pub damaged: BTreeSet<String>,
}

impl Default for LogisticsSettings {
    fn default() -> LogisticsSettings {
        LogisticsSettings {
            stock: BTreeMap::new(),
            full_carriers: BTreeSet::new(),
            bad_branches: BTreeSet::new(),
            pick_up_seconds: 3_600,
            delivery_seconds: 86_400,
            delivers: true,
            lost: Decimal::ZERO,
            lost_next: Vec::new(),
            damaged: BTreeSet::new(),
        }
    }
}

/// The sandbox's books.
#[derive(Clone, Debug, Default)]
pub struct Logistics {
    /// What it finds in the world; may be changed on the way.
    pub settings: LogisticsSettings,
    reservations: BTreeMap<CommandId, (String, Decimal)>,
    shipments: BTreeMap<CommandId, Shipment>,
}

#[derive(Clone, Debug)]
struct Shipment {
    waybill: String,
    units: Decimal,
    picked_up_at: jiff::Timestamp,
    cancelled: bool,
}

/// The rules with these settings.
pub(crate) fn rules(settings: Value) -> Result<Box<dyn Rules>, String> {
    let settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    Ok(Box::new(Logistics::new(settings)))
}

impl Logistics {
    /// Empty books.
    pub fn new(settings: LogisticsSettings) -> Logistics {
        Logistics { settings, ..Logistics::default() }
    }

    /// Pieces that are reserved, of all products.
    pub fn reserved(&self) -> Decimal {
        self.reservations.values().map(|(_, units)| units).sum()
    }

    /// Shipments that are not cancelled.
    pub fn shipments(&self) -> Vec<&str> {
        let open = self.shipments.values().filter(|shipment| !shipment.cancelled);
        open.map(|shipment| shipment.waybill.as_str()).collect()
    }

    fn reserve(&mut self, work: &Work) -> Said {
        let product = text(work, "product").unwrap_or_default();
        let wanted = decimal(work, "units").unwrap_or_default().max(Decimal::ZERO);
        let found = match self.settings.stock.get_mut(&product) {
            None => wanted,
            Some(stock) => {
                let found = wanted.min(*stock).max(Decimal::ZERO);
                *stock = stock.saturating_sub(found);
                found
            }
        };
        self.reservations.insert(work.id().clone(), (product, found));
        let units = fields(json!({ "units": literal(found) }));
        match (found < wanted, AnswerWord::new("short")) {
            (true, Ok(word)) => Said { outcome: Outcome::Said { word, fields: units }, last: true },
            _ => Said::done(units),
        }
    }

    fn release(&mut self, work: &Work) -> Said {
        let undone = work.command.undoes.as_ref().map(|undoes| &undoes.command_id);
        match undone.and_then(|id| self.reservations.remove(id)) {
            Some((product, units)) => {
                if let Some(stock) = self.settings.stock.get_mut(&product) {
                    *stock = stock.saturating_add(units);
                }
                Said::done(Document::default())
            }
            None => nothing_there(&DECLARATION, work, "expected a reservation that can be released"),
        }
    }

    fn take_back(&mut self, work: &Work) -> Said {
        let waybill = text(work, "waybill").unwrap_or_default();
        if self.settings.damaged.contains(&waybill) {
            return Said::refused("DAMAGED", "the goods cannot be taken back as they are");
        }
        let Some(shipment) = self.shipments.values().find(|shipment| shipment.waybill == waybill) else {
            return Said::refused("UNKNOWN", "expected the waybill of a shipment");
        };
        let units = decimal(work, "units").unwrap_or(shipment.units).min(shipment.units);
        Said::done(fields(json!({ "units": literal(units) })))
    }

    fn ship(&mut self, work: &Work, desk: &mut Desk) -> Said {
        let carrier = text(work, "carrier").unwrap_or_default();
        if carrier.is_empty() || self.settings.full_carriers.contains(&carrier) {
            return Said::refused("NO_CARRIER", "expected a carrier that takes the goods");
        }
        if text(work, "branch").is_some_and(|branch| self.settings.bad_branches.contains(&branch)) {
            return Said::refused("BAD_ADDRESS", "expected a branch that can be delivered to");
        }
        let units = decimal(work, "units").unwrap_or_default();
        let waybill = desk.number("WB");
        let lost = match self.settings.lost_next.is_empty() {
            true => self.settings.lost,
            false => self.settings.lost_next.remove(0),
        };
        if self.settings.delivers {
            let takes = Duration::from_secs(self.settings.delivery_seconds);
            let arrived = units.saturating_sub(lost).max(Decimal::ZERO);
            let signed_on = desk.day_after(takes).to_string();
            let data = json!({ "waybill": waybill, "units": literal(arrived), "signed_on": signed_on });
            desk.fact_after(takes, "delivery.confirmed", fields(data));
        }
        let pick_up = Duration::from_secs(self.settings.pick_up_seconds);
        let picked_up_at = desk.now().checked_add(pick_up).unwrap_or(jiff::Timestamp::MAX);
        let shipment = Shipment { waybill: waybill.clone(), units, picked_up_at, cancelled: false };
        self.shipments.insert(work.id().clone(), shipment);
        Said::done(fields(json!({ "waybill": waybill })))
    }

    fn cancel(&mut self, work: &Work, desk: &mut Desk) -> Said {
        let waybill = text(work, "waybill");
        let undone = work.command.undoes.as_ref().map(|undoes| &undoes.command_id);
        let mut shipments = self.shipments.iter_mut();
        let found = shipments.find(|(id, of)| Some(*id) == undone || waybill.as_ref() == Some(&of.waybill));
        match found.filter(|(_, shipment)| !shipment.cancelled) {
            Some((_, shipment)) if shipment.picked_up_at <= desk.now() => {
                Said::refused("PICKED_UP", &format!("{} is on its way", shipment.waybill))
            }
            Some((id, shipment)) => {
                shipment.cancelled = true;
                desk.recall(id);
                Said::done(Document::default())
            }
            None => nothing_there(&DECLARATION, work, "expected a shipment that can be cancelled"),
        }
    }
}

impl Rules for Logistics {
    fn declaration(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn perform(&mut self, work: &Work, desk: &mut Desk) -> Vec<Said> {
        let said = match work.name().as_str() {
            "stock.reserve" => self.reserve(work),
            "stock.release" => self.release(work),
            "stock.return" => self.take_back(work),
            "shipment.create" => self.ship(work, desk),
            "shipment.cancel" => self.cancel(work, desk),
            other => Said::unknown(&format!("the sandbox knows no {other}")),
        };
        vec![said]
    }
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
