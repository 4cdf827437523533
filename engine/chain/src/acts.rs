//! Acts on the organisation as people write them: a file for `countersign org`, a sentence of a case.
//!
//! ```yaml
//! - hire: { person: H40, position: bgm_ah }
//! - leave: { person: H25 }
//! - move: { person: H29, from: kam_js, to: bgm_js }
//! - vacate: { position: bgm_js, person: H25 }
//! - act: { position: bgm_ah, by: kam_ah, limit: 50%, since: "2025-04-21T09:00+08:00", until: "2025-07-01T00:00+08:00" }
//! - delegate: { name: DG-03, from: bgm_js, to: kam_js, authority: [contract], up_to: 200000, start: "..", end: ".." }
//! - end: { delegation: DG-03 }
//! - end: { acting: bgm_ah }
//! ```

use countersign_core::command::OrgAct;
use countersign_core::definition::{Acting, Delegation};
use countersign_core::name::Name;
use rust_decimal::Decimal;

use crate::codes;
use crate::diagnostic::{Diagnostic, Place, Report};
use crate::organisation::duties;
use crate::read::{self, Keys, Map};
use crate::source::SourceFile;
use crate::suggest;
use crate::tree::{Shape, Tree};
use crate::yaml::{self, Body, Entry, Node, Scalar};

/// What can be done.
const ACTS: &[&str] = &["hire", "leave", "move", "vacate", "act", "delegate", "end"];

/// Reads a file of acts. Positions, persons and authorities are held against the company when the acts are planned or
/// carried out. None: something in it cannot be read, which the findings tell.
pub fn read(file: &SourceFile) -> (Option<Vec<OrgAct>>, Vec<Diagnostic>) {
    let report = Report::new(std::slice::from_ref(file));
    let acts = yaml::parse(0, &file.text, &report).and_then(|node| acts(&node, &report));
    let acts = acts.filter(|_| !report.failed());
    (acts, report.finish())
}

/// The same of a part of a file.
pub fn within(file: &SourceFile, tree: &Tree) -> (Option<Vec<OrgAct>>, Vec<Diagnostic>) {
    let report = Report::new(std::slice::from_ref(file));
    let acts = acts(&node(tree), &report).filter(|_| !report.failed());
    (acts, report.finish())
}

fn node(tree: &Tree) -> Node {
    let place = |span: crate::tree::Span| {
        let (start, end) = span.bytes();
        Place { file: 0, start, end }
    };
    let body = match &tree.shape {
        Shape::Scalar { text, plain } => Body::Scalar(Scalar { text: text.clone(), plain: *plain }),
        Shape::List(items) => Body::List(items.iter().map(node).collect()),
        Shape::Map(pairs) => {
            let entry = |pair: &crate::tree::Pair| Entry {
                key: pair.key.clone(),
                at: place(pair.at),
                value: node(&pair.value),
            };
            Body::Map(pairs.iter().map(entry).collect())
        }
        Shape::Bad => Body::Bad,
    };
    Node { place: place(tree.span), body }
}

fn acts(list: &Node, report: &Report<'_>) -> Option<Vec<OrgAct>> {
    let Body::List(items) = &list.body else {
        if !matches!(list.body, Body::Bad) {
            let help = "write each act on a line of its own: `- hire: { person: H40, position: bgm_ah }`";
            report.error(codes::WRONG_SHAPE, list.place, "acts are a list", help);
        }
        return None;
    };
    let acts: Vec<Option<OrgAct>> = items.iter().map(|item| act(item, report)).collect();
    acts.into_iter().collect()
}

fn act(item: &Node, report: &Report<'_>) -> Option<OrgAct> {
    let map = Map::any(item, "an act", report)?;
    let [entry] = map.entries else {
        let help = "begin a new item with `- `";
        report.error(codes::WRONG_SHAPE, map.head(), "one item is one act", help);
        return None;
    };
    let of = |keys: Keys| {
        Some(Given { map: Map::read(&entry.value, &entry.key, keys, report)?, what: &entry.key, report })
    };
    match entry.key.as_str() {
        "hire" => {
            let given = of(Keys::of(&["person", "position"]))?;
            Some(OrgAct::Hire { person: given.text("person")?, position: given.text("position")? })
        }
        "leave" => Some(OrgAct::Leave { person: of(Keys::of(&["person"]))?.text("person")? }),
        "move" => {
            let given = of(Keys::of(&["person", "from", "to"]))?;
            Some(OrgAct::Move {
                person: given.text("person")?,
                from: given.maybe("from"),
                to: given.text("to")?,
            })
        }
        "vacate" => {
            let given = of(Keys::of(&["position", "person"]))?;
            Some(OrgAct::Vacate { position: given.text("position")?, person: given.maybe("person") })
        }
        "act" => of(Keys::of(&["position", "by", "limit", "since", "until"]))?.acting(),
        "delegate" => {
            let keys = &["name", "from", "to", "authority", "up_to", "start", "end", "chains", "duties"];
            of(Keys::of(keys))?.delegation()
        }
        "end" => of(Keys::of(&["delegation", "acting"]))?.end(),
        other => {
            let message = format!("`{other}` is no act on the organisation");
            let help = suggest::nearest(other, ACTS.iter().copied());
            report.error(codes::UNKNOWN_KEY, entry.at, message, help);
            None
        }
    }
}

/// What an act says.
struct Given<'t, 'r, 'f> {
    map: Map<'t>,
    what: &'t str,
    report: &'r Report<'f>,
}

impl Given<'_, '_, '_> {
    fn need(&self, key: &str) -> Option<&Node> {
        self.map.need(key, self.what, self.report)
    }

    fn text(&self, key: &str) -> Option<Name> {
        let node = self.need(key)?;
        Some(Name::from(read::scalar(node, key, self.report)?.text.as_str()))
    }

    fn maybe(&self, key: &str) -> Option<Name> {
        self.map.get(key)?;
        self.text(key)
    }

    fn texts(&self, key: &str) -> Vec<Name> {
        let nodes = self.map.get(key).map_or(&[][..], |node| read::one_or_more(node));
        let text = |node: &Node| Some(Name::from(read::scalar(node, key, self.report)?.text.as_str()));
        nodes.iter().filter_map(text).collect()
    }

    fn acting(&self) -> Option<OrgAct> {
        let position = self.text("position")?;
        let by = self.text("by")?;
        let share = match self.map.get("limit") {
            Some(node) => read::percent(node, "limit", self.report)?,
            None => Decimal::ONE,
        };
        let since = match self.map.get("since") {
            Some(node) => Some(read::time(node, "since", self.report)?),
            None => None,
        };
        let until = read::time(self.need("until")?, "until", self.report)?;
        Some(OrgAct::Act { position, acting: Some(Acting { by, share, since, until }) })
    }

    fn delegation(&self) -> Option<OrgAct> {
        let name = self.text("name")?;
        let up_to = read::number(self.need("up_to")?, "up_to", self.report)?;
        let time = |key: &str| read::time(self.need(key)?, key, self.report);
        let delegation = Delegation {
            from: self.text("from")?,
            to: self.text("to")?,
            authority: self.texts("authority"),
            up_to,
            start: time("start")?,
            end: time("end")?,
            chains: self.texts("chains"),
            duties: duties(&self.map, self.report),
        };
        Some(OrgAct::Delegate { name, delegation })
    }

    fn end(&self) -> Option<OrgAct> {
        match (self.maybe("delegation"), self.maybe("acting")) {
            (Some(name), None) => Some(OrgAct::EndDelegation { name }),
            (None, Some(position)) => Some(OrgAct::Act { position, acting: None }),
            _ => {
                let help = "write `end: { delegation: DG-03 }` or `end: { acting: bgm_ah }`";
                self.report.error(codes::MISSING_KEY, self.map.head(), "one thing ends", help);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile { path: "plan.yaml".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn each_act_is_read() {
        let text = r#"- hire: { person: H40, position: bgm_ah }
- leave: { person: H25 }
- move: { person: H29, from: kam_js, to: bgm_js }
- vacate: { position: bgm_js }
- act: { position: bgm_ah, by: kam_ah, limit: 50%, until: "2025-07-01T00:00+08:00" }
- delegate: { name: DG-3, from: bgm_js, to: kam_js, authority: contract, up_to: 200000, start: "2025-04-21T09:00+08:00", end: "2025-04-25T18:00+08:00", chains: [contract-review], duties: [approve] }
- end: { delegation: DG-3 }
- end: { acting: bgm_ah }
"#;
        let source = file(text);
        let (acts, found) = read(&source);
        assert!(found.is_empty(), "{found:#?}");
        let acts = acts.expect("every act is read");
        assert_eq!(acts.len(), 8);
        assert!(matches!(&acts[2], OrgAct::Move { from: Some(from), .. } if *from == *"kam_js"));
        assert!(matches!(&acts[5], OrgAct::Delegate { delegation, .. } if delegation.duties.len() == 1));
        let (tree, _) = crate::tree::read(&source);
        assert_eq!(within(&source, &tree.expect("a tree")).0, Some(acts));
    }

    #[test]
    fn each_mistake_is_pointed_at() {
        for (text, code, line, column) in [
            ("hire: { person: H40 }\n", codes::WRONG_SHAPE, 1, 1),
            ("- hire: { person: H40 }\n", codes::MISSING_KEY, 1, 11),
            ("- leave: { person: H1 }\n- fire: { person: H40 }\n", codes::UNKNOWN_KEY, 2, 3),
            ("- vacate: { post: bgm_js }\n", codes::UNKNOWN_KEY, 1, 13),
            ("- end: { }\n", codes::MISSING_KEY, 1, 8),
            ("- act: { position: a, by: b, until: 2025-07-01 }\n", codes::YAML_DATE, 1, 37),
        ] {
            let (acts, found) = read(&file(text));
            assert_eq!(acts, None, "{text}");
            let at = found.first().map(|d| (d.code, d.line, d.column));
            assert_eq!(at, Some((code, line, column)), "{text}: {found:#?}");
        }
    }
}
