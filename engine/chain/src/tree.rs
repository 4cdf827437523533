//! Files that belong to a company but are not its rules (case files), read with the same care: source text, quoting
//! and place of every value, and nothing that readers of YAML disagree on.

use crate::diagnostic::{Diagnostic, Place, Report};
use crate::source::SourceFile;
use crate::suggest;
use crate::yaml::{self, Body, Node};

/// A stretch of bytes of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// From which byte to which.
    pub(crate) fn bytes(self) -> (u32, u32) {
        (self.start, self.end)
    }
}

/// A value of the file and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Where.
    pub span: Span,
    /// What.
    pub shape: Shape,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A single value.
    Scalar {
        /// Its text after unescaping.
        text: String,
        /// Whether it stood without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Tree>),
    /// A mapping.
    Map(Vec<Pair>),
    /// Something that was reported already; whoever meets it keeps silent.
    Bad,
}

/// One key of a mapping and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub at: Span,
    /// The value.
    pub value: Tree,
}

impl Tree {
    /// The value of a key, where this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.pairs().iter().find(|pair| pair.key == key).map(|pair| &pair.value)
    }

    /// The keys and values of a mapping; nothing where this is none.
    pub fn pairs(&self) -> &[Pair] {
        match &self.shape {
            Shape::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The items of a list; nothing where this is none.
    pub fn items(&self) -> &[Tree] {
        match &self.shape {
            Shape::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a single value.
    pub fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// Reads a file. None: nothing in it can be used, which the findings tell.
pub fn read(file: &SourceFile) -> (Option<Tree>, Vec<Diagnostic>) {
    let report = Report::new(std::slice::from_ref(file));
    let node = yaml::parse(0, &file.text, &report);
    (node.map(tree), report.finish())
}

/// A finding at a place of a file.
pub fn error(
    file: &SourceFile,
    at: Span,
    code: &'static str,
    (message, help): (impl Into<String>, impl Into<String>),
) -> Option<Diagnostic> {
    let report = Report::new(std::slice::from_ref(file));
    report.error(code, Place { file: 0, start: at.start, end: at.end }, message, help);
    report.finish().into_iter().next()
}

/// The line of a place, from 1.
pub fn line(file: &SourceFile, at: Span) -> u32 {
    let before = file.text.as_bytes().get(..at.start as usize).unwrap_or_default();
    before.iter().filter(|b| **b == b'\n').count() as u32 + 1
}

/// The mending sentence for an unknown name: the nearest known one, or what there is.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    suggest::nearest(name, known)
}

fn tree(node: Node) -> Tree {
    let span = Span { start: node.place.start, end: node.place.end };
    let shape = match node.body {
        Body::Scalar(scalar) => Shape::Scalar { text: scalar.text, plain: scalar.plain },
        Body::List(items) => Shape::List(items.into_iter().map(tree).collect()),
        Body::Map(entries) => Shape::Map(
            entries
                .into_iter()
                .map(|entry| Pair {
                    key: entry.key,
                    at: Span { start: entry.at.start, end: entry.at.end },
                    value: tree(entry.value),
                })
                .collect(),
        ),
        Body::Bad => Shape::Bad,
    };
    Tree { span, shape }
}
