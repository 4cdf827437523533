//! YAML into a tree of our own: source text, quoting and place of every scalar, and nothing that readers of
//! YAML disagree on. The only module that knows the parser underneath.

use std::collections::BTreeSet;

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

use crate::codes;
use crate::diagnostic::{Place, Report};
use crate::plain;

/// A value of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) body: Body,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something that was reported already; whoever meets it keeps silent.
    Bad,
}

/// A single value: its text after unescaping, and whether it stood without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) plain: bool,
}

/// One key of a mapping and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Place,
    pub(crate) value: Node,
}

const DEPTH_MAX: usize = 32;
const NODES_MAX: usize = 100_000;

/// Parses a file. `None`: nothing in it can be used, which has been reported.
pub(crate) fn parse(file: u16, text: &str, report: &Report<'_>) -> Option<Node> {
    let options = granit_parser::options! { disallow_directives: true, emit_unresolved_aliases: true };
    let mut builder =
        Builder { file, report, stack: Vec::new(), root: None, nodes: 0, documents: 0, stopped: false };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len()) as u32;
                let place = Place { file, start: at, end: at };
                report.error(
                    codes::YAML_SYNTAX,
                    place,
                    format!("this is not YAML: {}", error.info()),
                    "mind indentation (spaces only), a space after each colon, and closing brackets and quotes",
                );
                return None;
            }
        }
        if builder.stopped {
            return None;
        }
    }
    if builder.root.is_none() {
        report.error(codes::YAML_NULL, Place::whole(file), "the file is empty", "write it, or take it away");
    }
    builder.root
}

/// A collection under construction.
struct Frame {
    start: Place,
    flow: bool,
    shape: Shape,
    /// Findings of a flow collection wait until it is known whether a comma cut an expression in it.
    waiting: Vec<Finding>,
    /// The first scalar of a flow collection whose parentheses do not balance.
    cut: Option<Place>,
}

enum Shape {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, seen: BTreeSet<String>, key: Option<(String, Place)> },
}

type Finding = (&'static str, Place, String, String);

struct Builder<'r, 'f> {
    file: u16,
    report: &'r Report<'f>,
    stack: Vec<Frame>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
    stopped: bool,
}

impl Builder<'_, '_> {
    fn event(&mut self, event: Event<'_>, span: Span) {
        let place = self.place(&span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "a second document begins here";
                    self.stop(codes::YAML_FEATURE, place, message, "one document a file: take `---` away");
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_features(place, anchor != 0, tag.is_some(), &span);
                match tag {
                    Some(_) => self.add(Node { place, body: Body::Bad }),
                    None => self.scalar(&text, style, place),
                }
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.refuse_features(place, anchor != 0, tag.is_some(), &span);
                self.open(place, style, Shape::List(Vec::new()));
            }
            Event::MappingStart(style, anchor, tag) => {
                self.refuse_features(place, anchor != 0, tag.is_some(), &span);
                let shape = Shape::Map { entries: Vec::new(), seen: BTreeSet::new(), key: None };
                self.open(place, style, shape);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse_features(place, true, false, &span);
                self.add(Node { place, body: Body::Bad });
            }
            _ => {}
        }
    }

    fn place(&self, span: &Span) -> Place {
        let byte = |m: &granit_parser::Marker| m.byte_offset().unwrap_or(0) as u32;
        Place { file: self.file, start: byte(&span.start), end: byte(&span.end) }
    }

    fn stop(&mut self, code: &'static str, place: Place, message: &str, help: &str) {
        self.stopped = true;
        self.report.error(code, place, message, help);
    }

    fn refuse_features(&mut self, place: Place, anchor: bool, tag: bool, span: &Span) {
        if anchor {
            let message = "anchors and aliases (& and *) are not read";
            self.report.error(codes::YAML_FEATURE, place, message, "write the value out in both places");
        } else if tag {
            let place = span.tag_span().map_or(place, |tag| self.place(&tag));
            let message = "tags (!) are not read";
            let help = "write `not` instead of `!` in a condition, and nothing elsewhere";
            self.report.error(codes::YAML_FEATURE, place, message, help);
        }
    }

    fn open(&mut self, start: Place, style: StructureStyle, shape: Shape) {
        if self.stack.len() >= DEPTH_MAX {
            let message = format!("nested more than {DEPTH_MAX} levels deep");
            self.stop(codes::TOO_LARGE, start, &message, "name inner parts elsewhere");
            return;
        }
        let flow = style == StructureStyle::Flow;
        self.stack.push(Frame { start, flow, shape, waiting: Vec::new(), cut: None });
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, place: Place) {
        let plain = style == ScalarStyle::Plain;
        // What is left out comes as `~` without a place of its own.
        let text = if plain && place.start == place.end { "" } else { text };
        let node = Node { place, body: Body::Scalar(Scalar { text: text.to_owned(), plain }) };
        if !plain {
            return self.add(node);
        }
        let cuts = self.stack.last().is_some_and(|f| f.flow) && !plain::balanced(text);
        if let Some(frame) = self.stack.last_mut().filter(|_| cuts) {
            frame.cut.get_or_insert(place);
        }
        let bad = Node { place, body: Body::Bad };
        let (key, refused) = match self.stack.last().map(|f| &f.shape) {
            Some(Shape::Map { key: None, .. }) => (true, false),
            Some(Shape::Map { key: Some((name, _)), .. }) => (false, name.is_empty()),
            _ => (false, false),
        };
        if refused && text.is_empty() {
            return self.add(bad);
        }
        let finding = match plain::problem(text) {
            _ if key && self.cut_number(text) => {
                let message = "a comma inside { } cut this number".to_owned();
                (codes::YAML_NUMBER, place, message, "write it without a thousands separator".to_owned())
            }
            Some((code, message, help)) => {
                let at = self.pending_key().filter(|_| text.is_empty()).unwrap_or(place);
                (code, at, message, help)
            }
            None => return self.add(node),
        };
        match self.stack.last_mut().filter(|f| f.flow) {
            Some(frame) => frame.waiting.push(finding),
            None => self.report.error(finding.0, finding.1, finding.2, finding.3),
        }
        self.add(bad);
    }

    fn pending_key(&self) -> Option<Place> {
        match self.stack.last() {
            Some(Frame { shape: Shape::Map { key: Some((_, at)), .. }, .. }) => Some(*at),
            _ => None,
        }
    }

    /// `{ kam: 50,000 }`: a key of three digits after a value of digits.
    fn cut_number(&self, key: &str) -> bool {
        let Some(Frame { flow: true, shape: Shape::Map { entries, .. }, .. }) = self.stack.last() else {
            return false;
        };
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        let before = entries.last().map(|e| &e.value.body);
        let whole = key.split('.').next().unwrap_or(key);
        whole.len() == 3
            && digits(whole)
            && matches!(before, Some(Body::Scalar(s)) if s.plain && digits(&s.text))
    }

    fn close(&mut self, end: Place) {
        let Some(frame) = self.stack.pop() else { return };
        let mut place = Place { end: end.end.max(frame.start.end), ..frame.start };
        if !frame.flow {
            place.end = match &frame.shape {
                Shape::List(items) => items.last().map_or(place.end, |n| n.place.end),
                Shape::Map { entries, .. } => entries.last().map_or(place.end, |e| e.value.place.end),
            };
        }
        let mut body = match frame.shape {
            Shape::List(items) => Body::List(items),
            Shape::Map { entries, .. } => Body::Map(entries),
        };
        if let Some(cut) = frame.cut {
            self.report.error(
                codes::CUT_EXPRESSION,
                cut,
                "a comma inside { } or [ ] cut this expression",
                "a comma inside { } cut this expression; write it on a line of its own",
            );
            body = Body::Bad;
        } else {
            for (code, at, message, help) in frame.waiting {
                self.report.error(code, at, message, help);
            }
        }
        self.add(Node { place, body });
    }

    fn add(&mut self, node: Node) {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("more than {NODES_MAX} values in one file");
            return self.stop(codes::TOO_LARGE, node.place, &message, "split it");
        }
        let report = self.report;
        match self.stack.last_mut().map(|f| &mut f.shape) {
            None => {
                self.root.get_or_insert(node);
            }
            Some(Shape::List(items)) => items.push(node),
            Some(Shape::Map { entries, seen, key }) => match key.take() {
                None => *key = Some(as_key(node, report)),
                Some((name, _)) if name.is_empty() => {}
                // The one key whose doubling has a meaning of its own.
                Some((name, at)) if name == "solid" && seen.contains(&name) => {
                    let help = "keep one; put the others under `dotted`";
                    report.error(codes::TWO_SUPERIORS, at, "a second solid superior", help);
                }
                Some((name, at)) if !seen.insert(name.clone()) => {
                    let message = format!("`{name}` stands here a second time");
                    report.error(codes::DUPLICATE_KEY, at, message, "keep one of them");
                }
                Some((key, at)) => entries.push(Entry { key, at, value: node }),
            },
        }
    }
}

/// The name of a key; empty where it was refused.
fn as_key(node: Node, report: &Report<'_>) -> (String, Place) {
    let place = node.place;
    match node.body {
        Body::Scalar(s) if s.text == "<<" && s.plain => {
            let help = "write the keys out in both places";
            report.error(codes::YAML_FEATURE, place, "merge keys (<<) are not read", help);
            (String::new(), place)
        }
        Body::Scalar(s) => (s.text, place),
        Body::Bad => (String::new(), place),
        Body::List(_) | Body::Map(_) => {
            report.error(codes::YAML_KEY, place, "a list or mapping cannot be a key", "write `name: value`");
            (String::new(), place)
        }
    }
}
