//! What an adapter can be asked, what it may answer and tell, and what undoes it: `adapters.yaml` as data of the
//! adapter, against which everything that a back office says is checked.

/// One adapter.
#[derive(Debug)]
pub struct Declaration {
    /// Its name, a token of subjects: `erp`.
    pub adapter: &'static str,
    /// What it can be asked.
    pub verbs: &'static [Verb],
    /// What it tells unasked.
    pub facts: &'static [Word],
}

impl Declaration {
    /// The verb of this name: `contract.register`.
    pub fn verb(&self, name: &str) -> Option<&'static Verb> {
        self.verbs.iter().find(|verb| verb.name == name)
    }

    /// The fact of this name: `delivery.confirmed`.
    pub fn fact(&self, name: &str) -> Option<&'static Word> {
        self.facts.iter().find(|fact| fact.word == name)
    }
}

/// Something that an adapter can be asked.
#[derive(Debug)]
pub struct Verb {
    /// `<object>.<verb>`.
    pub name: &'static str,
    /// Answers that promise a later one.
    pub stages: &'static [Word],
    /// Last answers, apart from `refused` and `unknown`.
    pub finals: &'static [Word],
    /// What it may refuse with.
    pub refuses: Refuses,
    /// What it changes, and what takes that back.
    pub effect: Effect,
}

impl Verb {
    /// The declaration of an answer of this word, and whether it is a last one.
    pub fn word(&self, word: &str) -> Option<(&'static Word, bool)> {
        let of = |words: &'static [Word], last| words.iter().find(|w| w.word == word).map(|w| (w, last));
        of(self.stages, false).or_else(|| of(self.finals, true))
    }
}

/// An answer's or fact's word and what comes with it.
#[derive(Debug)]
pub struct Word {
    /// `done`, `accepted`, `short`; of a fact its whole name, `delivery.confirmed`.
    pub word: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

/// A field of an answer or fact.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub of: Type,
    /// Whether it may be missing.
    pub optional: bool,
}

impl Field {
    /// A field that is always there.
    pub const fn new(name: &'static str, of: Type) -> Field {
        Field { name, of, optional: false }
    }

    /// A field that may be missing.
    pub const fn optional(name: &'static str, of: Type) -> Field {
        Field { name, of, optional: true }
    }
}

/// The types of fields. On the wire: text and dates are strings, numbers and units are numbers with every digit, a
/// percentage is `"35%"`, money is `{"amount": "1.00", "currency": "CNY"}`.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// Any text, such as a number of a document or the key of a table.
    Text,
    /// `2025-04-21`.
    Date,
    /// An exact number.
    Number,
    /// A number of pieces, which may have a fraction but no sign.
    Units,
    /// `"35%"`.
    Percent,
    /// An amount in a currency.
    Money,
    /// A list of records.
    List(&'static [Field]),
}

/// What a verb may refuse with.
#[derive(Clone, Copy, Debug)]
pub enum Refuses {
    /// It never refuses.
    Never,
    /// One of these codes.
    With(&'static [&'static str]),
    /// Any code.
    AnyCode,
}

/// What a verb changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it may be repeated at will.
    ReadsOnly,
    /// Something that this verb takes back.
    UndoneBy(&'static str),
    /// It takes something back itself.
    IsUndo,
    /// Something that only a person can mend.
    Lasting,
}
