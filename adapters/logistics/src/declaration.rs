//! What the adapter can be asked: the part `logistics` of `adapters.yaml`.

use countersign_adapter::Declaration;
use countersign_adapter::declare::{Effect, Field, Refuses, Type, Verb, Word};

const UNITS: &[Field] = &[Field::new("units", Type::Units)];
const DONE: &[Word] = &[Word { word: "done", fields: &[] }];

/// What the adapter can be asked, what it may answer and tell.
pub static DECLARATION: Declaration = Declaration {
    adapter: "logistics",
    verbs: &[
        Verb {
            name: "stock.reserve",
            stages: &[],
            finals: &[Word { word: "done", fields: UNITS }, Word { word: "short", fields: UNITS }],
            refuses: Refuses::Never,
            effect: Effect::UndoneBy("stock.release"),
        },
        Verb {
            name: "stock.release",
            stages: &[],
            finals: DONE,
            refuses: Refuses::Never,
            effect: Effect::IsUndo,
        },
        Verb {
            name: "stock.return",
            stages: &[],
            finals: &[Word { word: "done", fields: UNITS }],
            refuses: Refuses::With(&["DAMAGED", "UNKNOWN"]),
            effect: Effect::Lasting,
        },
        Verb {
            name: "shipment.create",
            stages: &[],
            finals: &[Word { word: "done", fields: &[Field::new("waybill", Type::Text)] }],
            refuses: Refuses::With(&["NO_CARRIER", "BAD_ADDRESS"]),
            effect: Effect::UndoneBy("shipment.cancel"),
        },
        Verb {
            name: "shipment.cancel",
            stages: &[],
            finals: DONE,
            refuses: Refuses::With(&["PICKED_UP"]),
            effect: Effect::IsUndo,
        },
    ],
    facts: &[Word {
        word: "delivery.confirmed",
        fields: &[
            Field::new("waybill", Type::Text),
            Field::new("units", Type::Units),
            Field::new("signed_on", Type::Date),
        ],
    }],
};
