//! Conditions and amounts as a typed tree. `chain` parses, checks types and lowers to this; core only evaluates.

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::value::Value;

/// An expression. Its encoding is part of the log's format: variants are only ever added at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum Expr {
    /// A literal.
    Const(Value),
    /// A field of the document: its name, then names within records.
    Doc(Vec<Name>),
    /// The item of the innermost fold: empty for the item itself, otherwise a path within it.
    It(Vec<Name>),
    /// A field of the message that a `wait` looks at.
    Message(Vec<Name>),
    /// A field of a record.
    Field(Box<Expr>, Name),
    /// A `define` of the chain, by its number.
    Define(u16),
    /// The post the submitter acted in, or something about it.
    Submitter(Attribute),
    /// The command's stamp.
    Now,
    /// The command's date in the company's zone.
    Today,
    /// The key of a row that must exist (`grades(x)`); several parts of a key are joined by `/`.
    Row(Name, Vec<Expr>),
    /// A column of the row with this key.
    Column {
        /// The table.
        table: Name,
        /// Evaluates to the row's key.
        key: Box<Expr>,
        /// The column.
        column: Name,
    },
    /// Logical negation.
    Not(Box<Expr>),
    /// True where all are; evaluated left to right until one is false.
    And(Vec<Expr>),
    /// True where one is; evaluated left to right until one is true.
    Or(Vec<Expr>),
    /// A comparison of two values of one type.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// Arithmetic. Division by zero is missing.
    Arith(Arithmetic, Box<Expr>, Box<Expr>),
    /// `list has item`, `item in list`: the list first.
    Contains(Box<Expr>, Box<Expr>),
    /// The first value, or the second where the first is missing.
    Else(Box<Expr>, Box<Expr>),
    /// `pick(condition, then, otherwise)`.
    Pick(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Something over a list, with a body evaluated for each item.
    Fold(Fold, Box<Expr>, Box<Expr>),
    /// The sum of a body over a list; the last part is the sum of nothing.
    Sum(Box<Expr>, Box<Expr>, Value),
    /// The first item of a list, missing where it is empty.
    First(Box<Expr>),
    /// The smallest of several.
    Min(Vec<Expr>),
    /// The largest of several.
    Max(Vec<Expr>),
    /// The size without the sign.
    Abs(Box<Expr>),
    /// Rounded down to a whole number.
    Floor(Box<Expr>),
    /// Whether an optional value is there.
    Known(Box<Expr>),
    /// A list written out: `[a, b]`.
    List(Vec<Expr>),
    /// What the case has learnt: the fact's name, then names within records.
    Fact(Vec<Name>),
    /// What a state's `learns` reads: the fields of the reply, the answer or the request.
    Reply(Vec<Name>),
    /// The item of the activity's `for_each`: empty for the item itself, otherwise a path within it.
    Item(Vec<Name>),
    /// The newest case of a chain with this business key, open or not yet forgotten; missing where there is none.
    CaseOf(Name, Box<Expr>),
    /// Something about a case; missing where the case is.
    OfCase(Box<Expr>, CasePart),
    /// Something about the child whose end is being learnt from.
    Child(CasePart),
    /// The post that owns the case, or something about it.
    Owner(Attribute),
    /// The chain's driver, or something about it.
    Driver(Attribute),
    /// Something about a position.
    Post(Box<Expr>, Attribute),
    /// The currency of an amount, as text.
    CurrencyOf(Box<Expr>),
    /// `convert(amount, rate)`: an amount of any currency in the document's currency at so much for one.
    Convert(Box<Expr>, Box<Expr>),
    /// `days(n)`: a length of time.
    Days(Box<Expr>),
    /// How an account stands: `credit(doc.customer).free`. Missing where a part of the key is.
    Balance {
        /// The account.
        account: Name,
        /// The parts of its key.
        key: Vec<Expr>,
        /// What of it.
        what: BalancePart,
    },
    /// In an account's own expressions: a part of the key, by its place.
    Part(u16),
    /// In an account's own expressions: how the same key of the account stands.
    Own(BalancePart),
    /// What this case still holds under a name; 0 where nothing.
    Hold {
        /// The name.
        name: Name,
        /// 0 in the measure of the hold's account.
        zero: Value,
    },
    /// `rate(USD)`: so much of the company's currency for one, today. Without a rate there is no value.
    Rate(Box<Expr>),
    /// `rate_on(USD)`: the date from which that rate holds; of the company's own currency today.
    RateOn(Box<Expr>),
    /// `limit_of(post, authority)`: what that post may decide alone under it now, in the authority's measure; more than
    /// any amount where it is unlimited. Of the post itself, whoever stands in for it.
    LimitOf(Box<Expr>, Name),
    /// The same where the authority is only known by its name: an amount in the company's currency.
    LimitUnder(Box<Expr>, Box<Expr>),
    /// `delegable(authority)`: whether it may be delegated at all.
    Delegable(Box<Expr>),
    /// `delegated(post, authority)`: whether another post has given it to this one, and that holds now.
    Delegated(Box<Expr>, Box<Expr>),
    /// The province of a unit, or of the nearest unit above that names one; missing where none does.
    Province(Box<Expr>),
}

/// What can be asked about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BalancePart {
    /// How much there is in all; missing where the account is unlimited.
    Limit,
    /// How much is used up.
    Used,
    /// How much is set aside for cases.
    Reserved,
    /// How much is left: limit - used - reserved; missing where the account is unlimited.
    Free,
    /// The word of the first of the account's flags that holds; `none` where none does.
    Flag,
}

/// What can be asked about a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CasePart {
    /// The state or end it stands in: `draft`, `on-hold`, `withdrawn`, a state, an end.
    State,
    /// Whether it is open.
    Open,
    /// A field of its document that its chain keeps, then names within records.
    Doc(Vec<Name>),
    /// A fact, then names within records.
    Fact(Vec<Name>),
    /// What limits are held against.
    Amount,
    /// Who submitted it: the position.
    Submitter,
    /// What it still holds under a name, while it is open or others may take it; 0 where nothing.
    Hold {
        /// The name.
        name: Name,
        /// 0 in the measure of the hold's account.
        zero: Value,
    },
    /// The positions that have still to approve in the step in which it stands, in order; none once it is over.
    StillToSign,
    /// The positions whose signatures stand in it, in order: those that approved, rejected or gave an opinion.
    Signers,
    /// The position that decided it last; missing while nobody has.
    Decider,
    /// When.
    DecidedAt,
    /// The position that owns it; missing once it is over.
    Owner,
}

/// What can be asked about a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attribute {
    /// The position itself.
    Position,
    /// Its unit.
    Unit,
    /// Its kind.
    Kind,
}

/// Comparisons. Order is defined for numbers, percents, money, units, dates, times and durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// The four operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// Folds whose body is a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fold {
    /// True where the body is for every item.
    Every,
    /// True where the body is for some item.
    Some,
    /// How many items the body is true for.
    Count,
    /// The items that the body is true for.
    Where,
}

impl Expr {
    /// Whether this expression or a part of it is such a one. A define is not looked into.
    pub fn any(&self, is: &impl Fn(&Expr) -> bool) -> bool {
        let parts: [Option<&Expr>; 2] = match self {
            Expr::Row(_, parts)
            | Expr::Balance { key: parts, .. }
            | Expr::And(parts)
            | Expr::Or(parts)
            | Expr::Min(parts)
            | Expr::Max(parts)
            | Expr::List(parts) => return is(self) || parts.iter().any(|part| part.any(is)),
            Expr::Pick(a, b, c) => return is(self) || [a, b, c].iter().any(|part| part.any(is)),
            Expr::Compare(_, a, b)
            | Expr::Arith(_, a, b)
            | Expr::Fold(_, a, b)
            | Expr::Sum(a, b, _)
            | Expr::Contains(a, b)
            | Expr::Else(a, b)
            | Expr::LimitUnder(a, b)
            | Expr::Delegated(a, b)
            | Expr::Convert(a, b) => [Some(&**a), Some(&**b)],
            Expr::Field(of, _)
            | Expr::Column { key: of, .. }
            | Expr::Not(of)
            | Expr::First(of)
            | Expr::Abs(of)
            | Expr::Floor(of)
            | Expr::Known(of)
            | Expr::CaseOf(_, of)
            | Expr::OfCase(of, _)
            | Expr::Post(of, _)
            | Expr::CurrencyOf(of)
            | Expr::Days(of)
            | Expr::Rate(of)
            | Expr::RateOn(of)
            | Expr::Delegable(of)
            | Expr::Province(of)
            | Expr::LimitOf(of, _) => [Some(&**of), None],
            Expr::Const(_)
            | Expr::Doc(_)
            | Expr::It(_)
            | Expr::Message(_)
            | Expr::Define(_)
            | Expr::Submitter(_)
            | Expr::Now
            | Expr::Today
            | Expr::Fact(_)
            | Expr::Reply(_)
            | Expr::Item(_)
            | Expr::Child(_)
            | Expr::Owner(_)
            | Expr::Driver(_)
            | Expr::Part(_)
            | Expr::Own(_)
            | Expr::Hold { .. } => [None, None],
        };
        is(self) || parts.into_iter().flatten().any(|part| part.any(is))
    }
}

crate::depth::bounded!(Expr);
