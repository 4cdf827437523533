//! What the adapter can be asked: the part `finance` of `adapters.yaml`.

use countersign_adapter::Declaration;
use countersign_adapter::declare::{Effect, Field, Refuses, Type, Verb, Word};

const DONE: &[Word] = &[Word { word: "done", fields: &[] }];
const PAYMENT: &[Word] = &[Word { word: "done", fields: &[Field::new("payment_no", Type::Text)] }];
const NOTE: &[Word] = &[Word { word: "done", fields: &[Field::new("note_no", Type::Text)] }];
const INVOICE: &[Word] = &[Word {
    word: "done",
    fields: &[Field::new("invoice_no", Type::Text), Field::new("due_on", Type::Date)],
}];

/// A verb that answers at once and may refuse with any code, as all of them do here.
const fn verb(name: &'static str, finals: &'static [Word], effect: Effect) -> Verb {
    Verb { name, stages: &[], finals, refuses: Refuses::AnyCode, effect }
}

/// What the adapter can be asked, what it may answer and tell.
pub static DECLARATION: Declaration = Declaration {
    adapter: "finance",
    verbs: &[
        verb("invoice.issue", INVOICE, Effect::UndoneBy("invoice.credit")),
        verb("invoice.credit", NOTE, Effect::Lasting),
        verb("payment.create", PAYMENT, Effect::UndoneBy("payment.reverse")),
        verb("payment.reverse", DONE, Effect::IsUndo),
        verb("receivable.offset", PAYMENT, Effect::UndoneBy("receivable.restore")),
        verb("receivable.restore", DONE, Effect::IsUndo),
        verb("refund.pay", PAYMENT, Effect::Lasting),
        verb("difference.book", DONE, Effect::UndoneBy("difference.unbook")),
        verb("difference.unbook", DONE, Effect::IsUndo),
        verb("writeoff.book", DONE, Effect::UndoneBy("writeoff.reverse")),
        verb("writeoff.reverse", DONE, Effect::IsUndo),
    ],
    facts: &[
        Word { word: "invoice.acknowledged", fields: &[Field::new("invoice_no", Type::Text)] },
        Word {
            word: "receipt.posted",
            fields: &[
                Field::new("id", Type::Text),
                Field::new("customer", Type::Text),
                Field::new("amount", Type::Money),
                Field::optional("ref", Type::Text),
                Field::optional("posted_on", Type::Date),
            ],
        },
        Word {
            word: "prepayment.posted",
            fields: &[Field::new("order_no", Type::Text), Field::new("amount", Type::Money)],
        },
        Word {
            word: "rate.posted",
            fields: &[
                Field::new("currency", Type::Text),
                Field::new("day", Type::Date),
                Field::new("rate", Type::Number),
            ],
        },
        Word {
            word: "customer.overdue",
            fields: &[Field::new("customer", Type::Text), Field::new("days", Type::Number)],
        },
    ],
};
