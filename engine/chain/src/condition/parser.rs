//! Tokens into a tree: a Pratt parser.
//!
//! From the loosest: `or`, `and`, `not`, comparisons with `has` and `in` (no chains), `else`, `+ -`, `* /`,
//! minus, paths and calls.

use std::ops::Range;

use countersign_core::expr::{Arithmetic, Comparison};
use countersign_core::time::Span;
use rust_decimal::Decimal;

use super::lexer::{Fault, Kind, Token, tokens};

/// A node of the tree and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Ast {
    pub(crate) kind: Tree,
    pub(crate) at: Range<usize>,
    height: u16,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Number(Decimal),
    Percent(Decimal),
    Span(Span),
    Flag(bool),
    Quoted(String),
    Word(String),
    /// `a.b`: the name after the point and where it stands.
    Dot(Box<Ast>, String, Range<usize>),
    /// `f(a, b)`: the name and where it stands.
    Call(String, Range<usize>, Vec<Ast>),
    List(Vec<Ast>),
    Not(Box<Ast>),
    Minus(Box<Ast>),
    And(Vec<Ast>),
    Or(Vec<Ast>),
    Compare(Comparison, Box<Ast>, Box<Ast>),
    /// The list first; whether it was written `has`.
    Contains(Box<Ast>, Box<Ast>),
    Else(Box<Ast>, Box<Ast>),
    Arith(Arithmetic, Box<Ast>, Box<Ast>),
}

/// The longest condition, in bytes.
pub(crate) const LENGTH_MAX: usize = 4096;
const HEIGHT_MAX: u16 = 64;

/// Parses a condition.
pub(crate) fn parse(text: &str) -> Result<Ast, Fault> {
    if text.len() > LENGTH_MAX {
        let help = "name parts of it under `define`";
        return Err(Fault::new(0..text.len(), "a condition of more than 4 KiB", help));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    let ast = parser.or()?;
    match parser.peek() {
        Kind::End => Ok(ast),
        Kind::Sign(",") => {
            let help = "write numbers without separators; commas stand only between ( ) and [ ]";
            Err(Fault::new(parser.at(), "a comma stands here", help))
        }
        Kind::Sign(")") => Err(Fault::new(parser.at(), "this ) closes nothing", "open it, or take it away")),
        _ => Err(Fault::new(parser.at(), "the condition should have ended here", JOIN)),
    }
}

const JOIN: &str = "join conditions with `and` or `or`; put texts of several words in quotes";

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: u16,
}

impl Parser {
    fn peek(&self) -> &Kind {
        self.tokens.get(self.next).map_or(&Kind::End, |t| &t.kind)
    }

    fn at(&self) -> Range<usize> {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0..0, |t| t.at.clone())
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Kind::Word(w) if w == word);
        self.next += usize::from(found);
        found
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Kind::Sign(s) if *s == sign);
        self.next += usize::from(found);
        found
    }

    fn node(&self, kind: Tree, at: Range<usize>, below: &[u16]) -> Result<Ast, Fault> {
        let height = below.iter().max().map_or(1, |h| h + 1);
        if height > HEIGHT_MAX {
            let help = "name parts of it under `define`";
            return Err(Fault::new(at, format!("nested more than {HEIGHT_MAX} levels deep"), help));
        }
        Ok(Ast { kind, at, height })
    }

    /// Bounds the parser's own recursion.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.depth += 1;
        if self.depth > HEIGHT_MAX {
            let message = format!("nested more than {HEIGHT_MAX} levels deep");
            return Err(Fault::new(self.at(), message, "name parts of it under `define`"));
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn or(&mut self) -> Result<Ast, Fault> {
        self.deeper(|p| p.joined("or", Parser::and, Tree::Or))
    }

    fn and(&mut self) -> Result<Ast, Fault> {
        self.joined("and", Parser::not, Tree::And)
    }

    fn joined(
        &mut self,
        word: &str,
        inner: fn(&mut Self) -> Result<Ast, Fault>,
        kind: fn(Vec<Ast>) -> Tree,
    ) -> Result<Ast, Fault> {
        let first = inner(self)?;
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(inner(self)?);
        }
        match (parts.len(), parts.pop()) {
            (1, Some(only)) => Ok(only),
            (_, Some(last)) => {
                parts.push(last);
                let at = parts[0].at.start..parts[parts.len() - 1].at.end;
                let heights: Vec<u16> = parts.iter().map(|p| p.height).collect();
                self.node(kind(parts), at, &heights)
            }
            (_, None) => Err(Fault::new(self.at(), "something is missing here", JOIN)),
        }
    }

    fn not(&mut self) -> Result<Ast, Fault> {
        let start = self.at().start;
        if !self.take_word("not") {
            return self.comparison();
        }
        let inner = self.deeper(Parser::not)?;
        let (at, height) = (start..inner.at.end, inner.height);
        self.node(Tree::Not(Box::new(inner)), at, &[height])
    }

    fn comparison(&mut self) -> Result<Ast, Fault> {
        let left = self.otherwise()?;
        let Some(operator) = self.comparator() else { return Ok(left) };
        let right = self.otherwise()?;
        let after = self.at();
        if self.comparator().is_some() {
            let help = "compare two values at a time: `a < b and b < c`";
            return Err(Fault::new(after, "a second comparison stands here", help));
        }
        let (at, heights) = (left.at.start..right.at.end, [left.height, right.height]);
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = match operator {
            Relation::Compare(how) => Tree::Compare(how, left, right),
            Relation::Has => Tree::Contains(left, right),
            Relation::In => Tree::Contains(right, left),
        };
        self.node(kind, at, &heights)
    }

    fn comparator(&mut self) -> Option<Relation> {
        let found = match self.peek() {
            Kind::Sign("==") => Relation::Compare(Comparison::Equal),
            Kind::Sign("!=") => Relation::Compare(Comparison::Unequal),
            Kind::Sign("<") => Relation::Compare(Comparison::Less),
            Kind::Sign("<=") => Relation::Compare(Comparison::AtMost),
            Kind::Sign(">") => Relation::Compare(Comparison::More),
            Kind::Sign(">=") => Relation::Compare(Comparison::AtLeast),
            Kind::Word(w) if w == "has" => Relation::Has,
            Kind::Word(w) if w == "in" => Relation::In,
            _ => return None,
        };
        self.next += 1;
        Some(found)
    }

    fn otherwise(&mut self) -> Result<Ast, Fault> {
        let left = self.sum()?;
        if !self.take_word("else") {
            return Ok(left);
        }
        let right = self.deeper(Parser::otherwise)?;
        let (at, heights) = (left.at.start..right.at.end, [left.height, right.height]);
        self.node(Tree::Else(Box::new(left), Box::new(right)), at, &heights)
    }

    fn sum(&mut self) -> Result<Ast, Fault> {
        let signs = [("+", Arithmetic::Add), ("-", Arithmetic::Subtract)];
        self.arithmetic(&signs, Parser::product)
    }

    fn product(&mut self) -> Result<Ast, Fault> {
        let signs = [("*", Arithmetic::Multiply), ("/", Arithmetic::Divide)];
        self.arithmetic(&signs, Parser::minus)
    }

    fn arithmetic(
        &mut self,
        signs: &[(&str, Arithmetic)],
        inner: fn(&mut Self) -> Result<Ast, Fault>,
    ) -> Result<Ast, Fault> {
        let mut left = inner(self)?;
        while let Some((_, how)) = signs.iter().find(|(sign, _)| self.take_sign(sign)) {
            let right = inner(self)?;
            let (at, heights) = (left.at.start..right.at.end, [left.height, right.height]);
            left = self.node(Tree::Arith(*how, Box::new(left), Box::new(right)), at, &heights)?;
        }
        Ok(left)
    }

    fn minus(&mut self) -> Result<Ast, Fault> {
        let start = self.at().start;
        if !self.take_sign("-") {
            return self.path();
        }
        let inner = self.deeper(Parser::minus)?;
        let (at, height) = (start..inner.at.end, inner.height);
        self.node(Tree::Minus(Box::new(inner)), at, &[height])
    }

    fn path(&mut self) -> Result<Ast, Fault> {
        let mut left = self.primary()?;
        while self.take_sign(".") {
            let at = self.at();
            let Kind::Word(name) = self.peek().clone() else {
                return Err(Fault::new(at, "a name is missing after the point", "write it like doc.total"));
            };
            self.next += 1;
            let (whole, height) = (left.at.start..at.end, left.height);
            left = self.node(Tree::Dot(Box::new(left), name, at), whole, &[height])?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<Ast, Fault> {
        let at = self.at();
        let kind = self.peek().clone();
        self.next += usize::from(kind != Kind::End);
        let tree = match kind {
            Kind::Number(n) => Tree::Number(n),
            Kind::Percent(n) => Tree::Percent(n),
            Kind::Span(s) => Tree::Span(s),
            Kind::Quoted(text) => Tree::Quoted(text),
            Kind::Word(word) => return self.word(word, at),
            Kind::Sign("(") => {
                let inner = self.or()?;
                self.close(")", &at)?;
                return Ok(inner);
            }
            Kind::Sign("[") => {
                let items = self.items("]", &at)?;
                let heights: Vec<u16> = items.iter().map(|i| i.height).collect();
                let whole = at.start..self.end();
                return self.node(Tree::List(items), whole, &heights);
            }
            Kind::End => {
                return Err(Fault::new(
                    at,
                    "something is missing at the end",
                    "write the value that belongs here",
                ));
            }
            Kind::Sign(sign) => {
                let message = format!("`{sign}` stands where a value belongs");
                return Err(Fault::new(at, message, "write a name, a number or a text before it"));
            }
        };
        self.node(tree, at, &[])
    }

    fn word(&mut self, word: String, at: Range<usize>) -> Result<Ast, Fault> {
        match word.as_str() {
            "true" | "false" => return self.node(Tree::Flag(word == "true"), at, &[]),
            "and" | "or" | "has" | "in" | "else" => {
                let message = format!("`{word}` stands where a value belongs");
                return Err(Fault::new(at, message, "write a value on both sides of it"));
            }
            "not" => {
                let help = "put parentheses around it: `(not x) == y`";
                return Err(Fault::new(at, "`not` stands inside a comparison", help));
            }
            _ => {}
        }
        if !self.take_sign("(") {
            return self.node(Tree::Word(word), at, &[]);
        }
        let items = self.items(")", &at)?;
        let heights: Vec<u16> = items.iter().map(|i| i.height).collect();
        let whole = at.start..self.end();
        self.node(Tree::Call(word, at, items), whole, &heights)
    }

    fn items(&mut self, closing: &str, opened: &Range<usize>) -> Result<Vec<Ast>, Fault> {
        let mut items = Vec::new();
        if self.take_sign(closing) {
            return Ok(items);
        }
        loop {
            items.push(self.or()?);
            if !self.take_sign(",") {
                break;
            }
        }
        self.close(closing, opened)?;
        Ok(items)
    }

    fn close(&mut self, closing: &str, opened: &Range<usize>) -> Result<(), Fault> {
        if self.take_sign(closing) {
            return Ok(());
        }
        let at = if *self.peek() == Kind::End { opened.clone() } else { self.at() };
        let message = match *self.peek() == Kind::End {
            true => format!("this is not closed with {closing}"),
            false => format!("`{closing}` or `,` is missing before this"),
        };
        Err(Fault::new(at, message, format!("close it with {closing}")))
    }

    /// The end of the token read last.
    fn end(&self) -> usize {
        self.tokens.get(self.next.saturating_sub(1)).map_or(0, |t| t.at.end)
    }
}

enum Relation {
    Compare(Comparison),
    Has,
    In,
}
