//! The order desk: hands the rows in, in the order of their dates, through the system `till`. It knows what it has
//! taken, and so against which order goods come back; the engine judges each row all the same.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};

use crate::line::{Line, Refused, Who};
use crate::rows::{BLANK, Kind, Row};

/// Rows under way at one time, and rows that wait for an earlier one of the same customer.
const UNDER_WAY: usize = 256;
const WAITING: usize = 1_024;
const CLERK: Who<'_> = ("W06", "order_desk");

/// What the desk has done.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) orders: u64,
    pub(crate) returns: u64,
    /// By code; `REPEATED` is the desk's own.
    pub(crate) refused: BTreeMap<String, u64>,
}

/// An order as the desk's book has it.
struct Sold {
    number: String,
    price: String,
    unreturned: i64,
}

/// What is handed in for a row.
struct Paper {
    row: Row,
    chain: &'static str,
    document: Value,
    /// The place in the customer's book of the order that goods come back of.
    of: Option<usize>,
}

/// The desk.
pub(crate) struct Till<'a> {
    line: &'a Line,
    /// Rows that have been answered.
    answered: &'a AtomicU64,
    book: HashMap<String, Vec<Sold>>,
    /// Rows that wait for an earlier one of the same customer, by customer.
    busy: HashMap<String, VecDeque<Row>>,
    taken: Taken,
}

impl<'a> Till<'a> {
    pub(crate) fn new(line: &'a Line, answered: &'a AtomicU64) -> Till<'a> {
        Till { line, answered, book: HashMap::new(), busy: HashMap::new(), taken: Taken::default() }
    }

    /// Hands all of them in; returns once each is answered.
    pub(crate) async fn work(mut self, rows: Vec<Row>) -> Taken {
        let mut seen = HashSet::new();
        let mut rows = rows.into_iter();
        let mut under_way = FuturesUnordered::new();
        let (mut waiting, mut more) = (0, true);
        while more || !under_way.is_empty() {
            while more && under_way.len() < UNDER_WAY && waiting < WAITING {
                let Some(row) = rows.next() else {
                    more = false;
                    break;
                };
                if !seen.insert(row.number.clone()) {
                    self.refuse("REPEATED");
                } else if let Some(queue) = self.queue(&row) {
                    queue.push_back(row);
                    waiting += 1;
                } else {
                    under_way.push(self.hand_in(row).boxed());
                }
            }
            let Some((paper, answer)) = under_way.next().await else { continue };
            let customer = paper.row.customer.clone();
            self.note(paper, answer);
            match self.busy.get_mut(&customer).and_then(VecDeque::pop_front) {
                Some(next) => {
                    waiting -= 1;
                    under_way.push(self.hand_in(next).boxed());
                }
                None => drop(self.busy.remove(&customer)),
            }
        }
        self.taken
    }

    /// The queue of a customer one of whose rows is under way. Nothing depends on rows of nobody.
    fn queue(&mut self, row: &Row) -> Option<&mut VecDeque<Row>> {
        if row.customer == BLANK {
            return None;
        }
        if !self.busy.contains_key(&row.customer) {
            self.busy.insert(row.customer.clone(), VecDeque::new());
            return None;
        }
        self.busy.get_mut(&row.customer)
    }

    fn hand_in(&self, row: Row) -> impl Future<Output = (Paper, Result<(), Refused>)> + Send + use<> {
        let (line, paper) = (self.line.clone(), self.paper(row));
        async move {
            let body = json!({ "chain": paper.chain, "document": paper.document });
            let id = format!("row-{}", paper.row.number);
            let answer = line.ask("submit", &id, CLERK, body).await;
            (paper, answer.map(drop))
        }
    }

    fn paper(&self, row: Row) -> Paper {
        let price = |text: &str| -> Value { text.parse().map(Value::Number).expect("a price is a number") };
        match row.kind() {
            Kind::Return => {
                let units = -row.quantity;
                let book = self.book.get(&row.customer);
                let of = book.and_then(|book| book.iter().rposition(|sold| sold.unreturned >= units));
                let sold = book.zip(of).map(|(book, of)| &book[of]);
                let document = json!({
                    "return_no": row.number, "taken_at": row.taken_at(), "customer": row.customer, "qty": units,
                    "order_no": sold.map_or("none", |sold| &sold.number),
                    "price": price(sold.map_or(&row.price, |sold| &sold.price)),
                });
                Paper { row, chain: "goods-return", document, of }
            }
            kind => {
                let kind = if kind == Kind::Adjustment { "adjustment" } else { "order" };
                let document = json!({
                    "order_no": row.number, "kind": kind, "taken_at": row.taken_at(), "customer": row.customer,
                    "country": row.country, "qty": row.quantity, "price": price(&row.price),
                });
                Paper { row, chain: "order", document, of: None }
            }
        }
    }

    fn note(&mut self, paper: Paper, answer: Result<(), Refused>) {
        let Paper { row, of, .. } = paper;
        match answer {
            Err(refused) => {
                let known = ["ADJUSTMENT", "NO_CUSTOMER", "NO_QUANTITY", "NO_PRICE", "NO_ORDER"];
                assert!(known.contains(&refused.code.as_str()), "{row:?} was refused: {refused}");
                self.refuse(&refused.code);
                return;
            }
            Ok(()) if row.kind() == Kind::Return => {
                let book = self.book.get_mut(&row.customer).expect("goods come back of an order");
                book[of.expect("goods come back of an order")].unreturned += row.quantity;
                self.taken.returns += 1;
            }
            Ok(()) => {
                let sold = Sold { number: row.number, price: row.price, unreturned: row.quantity };
                self.book.entry(row.customer).or_default().push(sold);
                self.taken.orders += 1;
            }
        }
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    fn refuse(&mut self, code: &str) {
        *self.taken.refused.entry(code.to_owned()).or_default() += 1;
        self.answered.fetch_add(1, Ordering::Relaxed);
    }
}
