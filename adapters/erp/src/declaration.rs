//! What the adapter can be asked: the part `erp` of `adapters.yaml`.

use countersign_adapter::Declaration;
use countersign_adapter::declare::{Effect, Field, Refuses, Type, Verb, Word};

const SHORT_LINE: &[Field] = &[
    Field::new("product", Type::Text),
    Field::new("units", Type::Units),
    Field::new("ready_on", Type::Date),
];
const DONE: &[Word] = &[Word { word: "done", fields: &[] }];
const DONE_WIP: &[Word] = &[Word { word: "done", fields: &[Field::new("wip", Type::Money)] }];
const OF_CUSTOMERS: Refuses = Refuses::With(&["LOCKED", "UNKNOWN"]);

/// What the adapter can be asked and what it may answer.
pub static DECLARATION: Declaration = Declaration {
    adapter: "erp",
    verbs: &[
        Verb {
            name: "contract.register",
            stages: &[],
            finals: &[Word { word: "done", fields: &[Field::new("reg_no", Type::Text)] }],
            refuses: Refuses::With(&["BAD_CUSTOMER", "DUPLICATE", "PERIOD_CLOSED"]),
            effect: Effect::UndoneBy("contract.void"),
        },
        Verb {
            name: "contract.void",
            stages: &[],
            finals: DONE,
            refuses: Refuses::With(&["ALREADY_VOID", "IN_USE"]),
            effect: Effect::IsUndo,
        },
        Verb {
            name: "atp.query",
            stages: &[],
            finals: &[Word { word: "done", fields: &[Field::new("short", Type::List(SHORT_LINE))] }],
            refuses: Refuses::Never,
            effect: Effect::ReadsOnly,
        },
        Verb {
            name: "mo.create",
            stages: &[
                Word {
                    word: "accepted",
                    fields: &[Field::new("mo", Type::Text), Field::new("ready_on", Type::Date)],
                },
                Word { word: "progress", fields: &[Field::new("pct", Type::Percent)] },
            ],
            finals: &[Word { word: "done", fields: &[Field::new("units", Type::Units)] }],
            refuses: Refuses::With(&["NO_CAPACITY", "BAD_BOM"]),
            effect: Effect::UndoneBy("mo.cancel"),
        },
        Verb {
            name: "mo.cancel",
            stages: &[],
            finals: DONE_WIP,
            refuses: Refuses::With(&["FINISHED"]),
            effect: Effect::IsUndo,
        },
        Verb {
            name: "wip.query",
            stages: &[],
            finals: DONE_WIP,
            refuses: Refuses::Never,
            effect: Effect::ReadsOnly,
        },
        Verb {
            name: "customer.update",
            stages: &[],
            finals: DONE,
            refuses: OF_CUSTOMERS,
            effect: Effect::UndoneBy("customer.restore"),
        },
        Verb {
            name: "customer.restore",
            stages: &[],
            finals: DONE,
            refuses: OF_CUSTOMERS,
            effect: Effect::IsUndo,
        },
    ],
    facts: &[],
};
