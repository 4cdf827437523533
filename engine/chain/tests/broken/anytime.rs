//! Mistakes in messages that move a case, in names of children, in checks, and where several answer.

use super::{Case, works};

const ORDER: &str = "chains/order.yaml";
const DELIVERY: &str = "chains/delivery.yaml";
const BILLING: &str = "chains/billing.yaml";

pub(crate) const CASES: &[Case] = &[
    works(
        "a message at any time",
        ORDER,
        "  cancel: { by:",
        "  goods.lost: { in: [making], go: cancelling }\n  cancel: { by:",
        "  goods.lost: { when: message.no == doc.order_no, in: [making], go: cancelling }\n  cancel: { by:",
    ),
    works(
        "what the engine does itself as a message",
        BILLING,
        "  finance.receipt.bounced:\n    match:",
        "  engine.holder.changed: { when: true, go: mending }\n  finance.receipt.bounced:\n    match:",
        "  finance.customer.overdue: { when: message.customer == doc.customer, go: mending }\n  \
         finance.receipt.bounced:\n    match:",
    ),
    works(
        "a message at any time that nobody declares",
        BILLING,
        "  finance.receipt.bounced:\n    match:",
        "  finance.receipt.bounces:\n    match:",
        "  finance.receipt.bounced:\n    when:",
    ),
    works(
        "a message at any time that persons may ask for",
        BILLING,
        "    in: [open]\n",
        "    in: [open]\n    by: [clerk]\n",
        "    in: [open, mending]\n",
    ),
    works(
        "a message at any time that says twice whom it means",
        BILLING,
        "    in: [open]\n",
        "    in: [open]\n    when: doc.amount > 0\n",
        "",
    ),
    works(
        "a request that matches like a message",
        ORDER,
        "in: [making, delivering, blocked], go: cancelling }",
        "in: [making, delivering, blocked], match: true, go: cancelling }",
        "in: [making, delivering], go: cancelling }",
    ),
    works(
        "a green light that nobody gives",
        ORDER,
        "  cancel: { by:",
        "  hurry: { by: [boss], in: [replanning], go: delivering, unratified: cancelling }\n  cancel: { by:",
        "  hurry: { by_chain: [change], in: [replanning], go: delivering, unratified: cancelling }\n  cancel: { by:",
    ),
    works(
        "a green light that passes nobody by",
        ORDER,
        "  cancel: { by:",
        "  hurry: { by_chain: [change], go: delivering, unratified: cancelling }\n  cancel: { by:",
        "  hurry: { by_chain: [change], in: [replanning, blocked], go: delivering, unratified: cancelling }\n  cancel: { by:",
    ),
    works(
        "a green light that stands whatever is said of it",
        ORDER,
        "  cancel: { by:",
        "  hurry: { by_chain: [change], in: [replanning], go: delivering, unratified: stay }\n  cancel: { by:",
        "  hurry: { by_chain: [change], in: [replanning], go: delivering, unratified: blocked }\n  cancel: { by:",
    ),
    works(
        "two green lights",
        ORDER,
        "  cancel: { by:",
        "  hurry: { by_chain: [change], in: [replanning], go: delivering, unratified: cancelling }\n  \
         rush: { by_chain: [change], in: [making], go: delivering, unratified: blocked }\n  cancel: { by:",
        "  hurry: { by_chain: [change], in: [replanning, making], go: delivering, unratified: cancelling }\n  cancel: { by:",
    ),
    works(
        "a message that is a green light",
        BILLING,
        "    in: [open]\n",
        "    in: [open]\n    unratified: mending\n",
        "    in: [mending, open]\n",
    ),
    works(
        "a child by a name that it no longer has",
        ORDER,
        "+ part-delivery.facts.sent",
        "+ child.facts.sent",
        "+ part-delivery.doc.units",
    ),
    works(
        "a child that is called like a table",
        ORDER,
        "    as: part-delivery\n",
        "    as: products\n",
        "    as:  part-delivery\n",
    ),
    works(
        "a child that is called like the item",
        ORDER,
        "    as: part-delivery\n",
        "    as: part\n",
        "    as:  part-delivery\n",
    ),
    works(
        "a choice that two make",
        ORDER,
        "    task: owner\n",
        "    task: [owner, boss]\n",
        "    task: { group: board, need: 1 }\n",
    ),
    works(
        "a choice for each item",
        ORDER,
        "    task: owner\n",
        "    for_each: part in doc.parts\n    task: owner\n",
        "    task: boss\n",
    ),
    works(
        "a fact that two teach",
        ORDER,
        "    task: planner\n",
        "    task: { group: board, need: 2 }\n",
        "    task: { group: board, need: 1 }\n",
    ),
    works(
        "a fact that two tasks teach",
        DELIVERY,
        "        do: Say that it may leave\n",
        "        do: Say that it may leave\n        asks: { units: units }\n",
        "        do: Say that it may leave\n        asks: { crates: units }\n",
    ),
    works(
        "a value that is unique and must be",
        ORDER,
        "{ unique: doc.lines.special_no, else",
        "{ unique: doc.lines.special_no, must: doc.total > 0, else",
        "{ must: doc.total > 0, else: EMPTY }\n      - { unique: doc.lines.special_no, else",
    ),
    works(
        "a list of records that is unique",
        ORDER,
        "{ unique: doc.lines.special_no, else",
        "{ unique: doc.lines, else",
        "{ unique: doc.quote_no, else",
    ),
    works(
        "a unique value that the items do not have",
        ORDER,
        "{ unique: doc.lines.special_no, else",
        "{ unique: doc.lines.special_nr, else",
        "{ unique: doc.lines.product, else",
    ),
    works(
        "a flag that tells cases apart",
        ORDER,
        "{ unique: doc.lines.special_no, else",
        "{ unique: doc.lines.special, else",
        "{ unique: doc.contact.phone, else",
    ),
];
