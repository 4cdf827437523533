//! Rows of a file of orders: read, put in order, and made up where there is no file.

use std::io::{Read, Write};
use std::path::Path;

use countersign_core::time::Date;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rust_decimal::Decimal;

use crate::support::Dice;

/// A customer whom nobody wrote down.
pub(crate) const BLANK: &str = "(blank)";

/// What a row asks for. The first letter of its number says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Order,
    Return,
    Adjustment,
}

/// A row, one invoice.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) number: String,
    /// Year, month, day, hour, minute.
    taken: [u16; 5],
    pub(crate) customer: String,
    pub(crate) country: String,
    pub(crate) quantity: i64,
    /// As it is written: an average, to five digits.
    pub(crate) price: String,
}

impl Row {
    pub(crate) fn kind(&self) -> Kind {
        match self.number.as_bytes().first() {
            Some(b'C') => Kind::Return,
            Some(b'A') => Kind::Adjustment,
            _ => Kind::Order,
        }
    }

    /// What an adjustment is about: so many times the price, which is exact there.
    pub(crate) fn worth(&self) -> Decimal {
        let price: Decimal = self.price.parse().expect("a price is a number");
        price * Decimal::from(self.quantity)
    }

    /// The day on which it was taken: `2010-12-01`.
    pub(crate) fn taken_on(&self) -> String {
        let [year, month, day, ..] = self.taken;
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The month in which it was taken: `2010-12`.
    pub(crate) fn month(&self) -> String {
        self.taken_on()[..7].to_owned()
    }
}

/// Which rows of a file are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    /// The first so many.
    First(usize),
    /// Those of one customer in so many, of nobody as many, and all adjustments.
    Sample(u64),
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Part::All => write!(f, "all"),
            Part::First(count) => write!(f, "{count}"),
            Part::Sample(of) => write!(f, "1/{of}"),
        }
    }
}

impl Part {
    fn has(self, row: &Row) -> bool {
        let Part::Sample(of) = self else { return true };
        let whose = if row.customer == BLANK { &row.number } else { &row.customer };
        let digits: String = whose.chars().filter(char::is_ascii_digit).collect();
        row.kind() == Kind::Adjustment || digits.parse::<u64>().is_ok_and(|number| number % of == 0)
    }
}

/// A part of the rows of a file, in the order of their dates, ties in the file's order.
pub(crate) fn read(file: &Path, part: Part) -> Vec<Row> {
    let mut text = String::new();
    let opened = std::fs::File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    GzDecoder::new(opened).read_to_string(&mut text).expect("the file is gzip of UTF-8");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows: Vec<Row> =
        reader.deserialize().map(|row| row_of(row.expect("a row of the file"))).collect();
    rows.sort_by_key(|row| row.taken);
    rows.retain(|row| part.has(row));
    if let Part::First(count) = part {
        rows.truncate(count);
    }
    rows
}

/// The first and the last day of rows in their order.
pub(crate) fn days(rows: &[Row]) -> (Date, Date) {
    let day = |row: Option<&Row>| row.and_then(|row| Date::parse(&row.taken_on())).expect("rows have days");
    (day(rows.first()), day(rows.last()))
}

/// InvoiceNo, InvoiceDate (m/d/yyyy h:mm), CustomerID, Country, Quantity, UnitPrice.
type Fields = (String, String, String, String, i64, String);

fn row_of((number, date, customer, country, quantity, price): Fields) -> Row {
    let parts: Vec<u16> = date.split(['/', ' ', ':']).map(|part| part.parse().expect("a number")).collect();
    let [month, day, year, hour, minute] = parts[..] else { panic!("expected m/d/yyyy h:mm, found {date}") };
    Row { number, taken: [year, month, day, hour, minute], customer, country, quantity, price }
}

/// Writes a file of the same form with the same oddities: numbers that repeat, blanks, nothing for nothing, returns
/// with and without an order, adjustments, rows out of order.
pub(crate) fn make(file: &Path, count: usize, seed: u64) {
    let mut dice = Dice::new(seed);
    let (mut minutes, mut lines) = (0, Vec::new());
    let mut sold: Vec<(u64, String, i64)> = Vec::new();
    for place in 0..count as u64 {
        minutes += dice.below(4) * dice.below(5);
        let date = date(minutes);
        let customer = format!("{}", 12_000 + dice.below(count as u64 / 5 + 1));
        let (quantity, price) = (1 + dice.below(90) as i64, 100 + dice.below(120_000));
        let line = |number: String, customer: &str, quantity: i64, price: String| {
            format!("{number},{date},{customer},United Kingdom,{quantity},{price}")
        };
        let number = 540_000 + place;
        let price = format!("{}.{:04}", price / 10_000, price % 10_000);
        lines.push(match dice.below(100) {
            0 => line(format!("A{number}"), BLANK, 1, "-11062.06".into()),
            1 if !sold.is_empty() => {
                let (repeated, of, _) = &sold[dice.below(sold.len() as u64) as usize];
                line(format!("{repeated}"), of, quantity, price)
            }
            2 => line(number.to_string(), &customer, quantity, "0".into()),
            3 => line(number.to_string(), &customer, 0, price),
            4 => line(format!("C{number}"), BLANK, -quantity, price),
            5..16 => line(number.to_string(), BLANK, quantity - 45, "0".into()),
            16..30 if !sold.is_empty() => {
                let (_, of, most) = &sold[dice.below(sold.len() as u64) as usize];
                line(format!("C{number}"), of, -(1 + dice.below(*most as u64) as i64), price)
            }
            30..33 => line(format!("C{number}"), &customer, -quantity, price),
            // One that the owner decides, one for the manager, and the many.
            33 => {
                sold.push((number, customer.clone(), quantity * 40));
                line(number.to_string(), &customer, quantity * 40, "31.905".into())
            }
            34..38 => {
                sold.push((number, customer.clone(), quantity * 10));
                line(number.to_string(), &customer, quantity * 10, "11.125".into())
            }
            _ => {
                sold.push((number, customer.clone(), quantity));
                line(number.to_string(), &customer, quantity, price)
            }
        });
        if place > 0 && dice.below(20) == 0 {
            lines.swap(place as usize, place as usize - 1);
        }
    }
    let mut out = GzEncoder::new(std::fs::File::create(file).expect("a file"), Compression::default());
    writeln!(out, "InvoiceNo,InvoiceDate,CustomerID,Country,Quantity,UnitPrice").expect("it is written");
    writeln!(out, "{}", lines.join("\n")).expect("it is written");
    out.finish().expect("it is written");
}

/// So many minutes into December 2010.
fn date(minutes: u64) -> String {
    let (day, minute) = (minutes / 1_440, minutes % 1_440);
    format!("12/{}/2010 {}:{:02}", 1 + day.min(30), minute / 60, minute % 60)
}
