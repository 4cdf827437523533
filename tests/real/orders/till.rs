//! The order desk: hands the rows in, in the order of their dates, through the system `till`. It knows what it has
//! taken, and so against which order goods come back; the engine judges each row all the same. A customer's next row
//! comes after all that the rows before it do to the customer's credit, and after what the customer has paid by then.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_core::time::Date;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};

use crate::bank::Bank;
use crate::line::{Line, Who};
use crate::rows::{BLANK, Kind, Row};
use crate::world::World;

/// Rows under way at one time, and rows that wait for an earlier one of the same customer.
const UNDER_WAY: usize = 256;
const WAITING: usize = 4_096;
const CLERK: Who<'_> = ("W06", "order_desk");
const BOOKKEEPER: Who<'_> = ("W08", "bookkeeper");

/// What the desk has done.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) orders: u64,
    pub(crate) returns: u64,
    /// Cases that it has begun, whatever they come to.
    pub(crate) cases: u64,
    /// By code; `REPEATED` is the desk's own.
    pub(crate) refused: BTreeMap<String, u64>,
}

/// An order as the desk's book has it.
struct Sold {
    number: String,
    case: String,
    price: String,
    unreturned: i64,
    paid: bool,
}

/// A customer's page in the book.
#[derive(Default)]
struct Page {
    orders: Vec<Sold>,
    /// The month in which the customer was graded last, or first bought something.
    month: Option<String>,
}

/// What is handed in for a row.
struct Paper {
    row: Row,
    who: Who<'static>,
    chain: &'static str,
    document: Value,
    /// The place in the customer's book of the order that goods come back of.
    of: Option<usize>,
    /// The customer is graded first.
    grading: Option<Value>,
}

/// What came of it.
struct Done {
    paper: Paper,
    /// The case, or the code where it was refused.
    answer: Result<String, String>,
    /// Whether a case was begun for the row.
    begun: bool,
    /// Orders that the customer has paid by then.
    paid: Vec<String>,
}

/// The desk.
pub(crate) struct Till<'a> {
    line: &'a Line,
    world: &'a Arc<World>,
    bank: Bank,
    /// Rows that have been answered.
    answered: &'a AtomicU64,
    book: HashMap<String, Page>,
    /// Rows that wait for an earlier one of the same customer, by customer.
    busy: HashMap<String, VecDeque<Row>>,
    taken: Taken,
}

impl<'a> Till<'a> {
    pub(crate) fn new(
        line: &'a Line,
        world: &'a Arc<World>,
        bank: Bank,
        answered: &'a AtomicU64,
    ) -> Till<'a> {
        let (book, busy, taken) = (HashMap::new(), HashMap::new(), Taken::default());
        Till { line, world, bank, answered, book, busy, taken }
    }

    /// Hands all of them in; returns once each is answered and paid.
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
            let Some(done) = under_way.next().await else { continue };
            let customer = done.paper.row.customer.clone();
            self.note(done);
            match self.busy.get_mut(&customer).and_then(VecDeque::pop_front) {
                Some(next) => {
                    waiting -= 1;
                    under_way.push(self.hand_in(next).boxed());
                }
                None => drop(self.busy.remove(&customer)),
            }
        }
        let rest: FuturesUnordered<_> = self.book.iter().map(|(c, page)| self.pay(c, page, None)).collect();
        rest.collect::<Vec<_>>().await;
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

    fn pay(
        &self,
        customer: &str,
        page: &Page,
        until: Option<Date>,
    ) -> impl Future<Output = Vec<String>> + Send + use<> {
        let open = page.orders.iter().filter(|sold| !sold.paid).map(|sold| sold.case.clone());
        self.bank.clone().pay(customer.to_owned(), open.collect(), until)
    }

    fn hand_in(&self, row: Row) -> impl Future<Output = Done> + Send + use<> {
        let (line, world) = (self.line.clone(), self.world.clone());
        let page = self.book.get(&row.customer);
        let today = Date::parse(&row.taken_on());
        let paying = page.map(|page| self.pay(&row.customer, page, today));
        let mut paper = self.paper(row, page);
        async move {
            let paid = match paying {
                Some(paying) => paying.await,
                None => Vec::new(),
            };
            if let Some(document) = paper.grading.take() {
                let id = format!("grade-{}", paper.row.number);
                let body = json!({ "chain": "grading", "document": document });
                let graded = line.ask("submit", &id, BOOKKEEPER, body).await;
                graded.unwrap_or_else(|refused| panic!("{document} was refused: {refused}"));
                paper.grading = Some(document);
            }
            let body = json!({ "chain": paper.chain, "document": paper.document });
            let id = format!("row-{}", paper.row.number);
            let (answer, begun) = match line.ask("submit", &id, paper.who, body).await {
                Err(refused) => (Err(refused.code), false),
                Ok((accepted, _)) => (rest(&world, &paper, &accepted).await, true),
            };
            Done { paper, answer, begun, paid }
        }
    }

    fn paper(&self, row: Row, page: Option<&Page>) -> Paper {
        let price = |text: &str| -> Value { text.parse().map(Value::Number).expect("a price is a number") };
        match row.kind() {
            Kind::Return => {
                let units = -row.quantity;
                let book = page.map(|page| &page.orders);
                let of = book.and_then(|book| book.iter().rposition(|sold| sold.unreturned >= units));
                let sold = book.zip(of).map(|(book, of)| &book[of]);
                let document = json!({
                    "return_no": row.number, "taken_on": row.taken_on(), "customer": row.customer, "qty": units,
                    "order_no": sold.map_or("none", |sold| &sold.number),
                    "price": price(sold.map_or(&row.price, |sold| &sold.price)),
                });
                Paper { row, who: CLERK, chain: "goods-return", document, of, grading: None }
            }
            Kind::Order => {
                let document = json!({
                    "order_no": row.number, "taken_on": row.taken_on(), "customer": row.customer,
                    "country": row.country, "qty": row.quantity, "price": price(&row.price),
                });
                let month = page.and_then(|page| page.month.as_ref());
                let grading = month.filter(|month| **month != row.month()).map(|_| {
                    let number = format!("{}/{}", row.customer, row.month());
                    json!({ "grading_no": number, "customer": row.customer, "graded_on": row.taken_on() })
                });
                Paper { row, who: CLERK, chain: "order", document, of: None, grading }
            }
            Kind::Adjustment => {
                let amount = json!({ "amount": row.worth().to_string(), "currency": "GBP" });
                let document =
                    json!({ "write_off_no": row.number, "taken_on": row.taken_on(), "amount": amount });
                Paper { row, who: BOOKKEEPER, chain: "write-off", document, of: None, grading: None }
            }
        }
    }

    fn note(&mut self, done: Done) {
        let Done { paper: Paper { row, of, grading, .. }, answer, begun, paid } = done;
        self.taken.cases += u64::from(begun) + u64::from(grading.is_some());
        if let Some(page) = self.book.get_mut(&row.customer) {
            page.orders.iter_mut().filter(|sold| paid.contains(&sold.case)).for_each(|sold| sold.paid = true);
            if grading.is_some() {
                page.month = Some(row.month());
            }
        }
        let case = match answer {
            Err(code) => {
                let known = ["NO_CUSTOMER", "NO_QUANTITY", "NO_PRICE", "NO_ORDER", "FAR_ABOVE_CREDIT"];
                assert!(known.contains(&code.as_str()), "{row:?} was refused: {code}");
                // Who buys for the first time is not graded before the next month, whatever came of it.
                if row.kind() == Kind::Order && code == "FAR_ABOVE_CREDIT" {
                    self.book.entry(row.customer.clone()).or_default().month.get_or_insert(row.month());
                }
                self.refuse(&code);
                return;
            }
            Ok(case) => case,
        };
        match row.kind() {
            Kind::Return => {
                let page = self.book.get_mut(&row.customer).expect("goods come back of an order");
                page.orders[of.expect("goods come back of an order")].unreturned += row.quantity;
                self.taken.returns += 1;
            }
            Kind::Order => {
                let page = self.book.entry(row.customer.clone()).or_default();
                page.month.get_or_insert(row.month());
                let (number, price, unreturned) = (row.number, row.price, row.quantity);
                page.orders.push(Sold { number, case, price, unreturned, paid: false });
                self.taken.orders += 1;
            }
            Kind::Adjustment => {}
        }
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    fn refuse(&mut self, code: &str) {
        *self.taken.refused.entry(code.to_owned()).or_default() += 1;
        self.answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits until a case has done to the customer's credit whatever it does: an order is sold or refused, goods are taken
/// back and credited. Gives the case, or why it was refused.
async fn rest(world: &World, paper: &Paper, accepted: &Value) -> Result<String, String> {
    let case = accepted["case"].as_str().expect("an accepted paper is a case").to_owned();
    if paper.chain == "write-off" || accepted["state"] == "selling" {
        return Ok(case);
    }
    let is_order = paper.chain == "order";
    let waited = world.until(&case, |seen| match (&seen.end, is_order) {
        (Some(end), _) => Some((end == "refused").then(|| seen.code.clone())),
        (None, true) => (!matches!(&*seen.state, "" | "judging" | "trusting" | "reserving")).then_some(None),
        (None, false) => None,
    });
    let refused = waited.await;
    refused.map_or(Ok(case), Err)
}
