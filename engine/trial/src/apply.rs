//! `apply`: rules that change in the midst of a case, as `countersign apply` would change them. What the sentence names
//! is laid over the company's files; the whole is compiled again, and what comes out differently holds from then on.

use std::collections::BTreeMap;
use std::fmt::Write;

use countersign_chain::tree::{self, Pair, Shape, Tree};
use countersign_chain::{Diagnostic, SourceFile, compile};
use countersign_core::definition::{Definition, DefinitionKind};
use countersign_core::name::Name;

use crate::case::Refusal;
use crate::codes;
use crate::read::Reader;

/// The rules as sentences have changed them.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub(crate) files: Vec<SourceFile>,
    pub(crate) definitions: BTreeMap<(DefinitionKind, Name), Definition>,
}

/// The definitions that come out differently, or what `countersign check` has against the rules.
pub(crate) fn read(reader: &Reader<'_>, value: &Tree) -> Option<Result<Vec<Definition>, Vec<Refusal>>> {
    let mut rules = reader.rules();
    for pair in reader.mapping(value, "the rules that change")? {
        let Some(file) = rules.files.iter_mut().find(|file| file.path == pair.key) else {
            let known = reader.company.files.iter().map(|file| file.path.as_str());
            reader.unknown(pair.at, "file of the company", &pair.key, known);
            return None;
        };
        let changes = reader.mapping(&pair.value, "what changes in a file")?;
        // The company compiles: each of its files can be read.
        let mut whole = tree::read(file).0?;
        over(&mut whole, changes);
        file.text = text(&whole);
    }
    let (bundle, found) = compile(&rules.files);
    let Some(bundle) = bundle else {
        let refused = |finding: &Diagnostic| Refusal {
            code: Name::from(finding.code),
            why: format!("{}: {}: {}", finding.code, finding.file, finding.message),
        };
        return Some(Err(found.iter().map(refused).collect()));
    };
    let mut changed = Vec::new();
    for compiled in &bundle.definitions {
        let definition = crate::company::unopened(&compiled.definition);
        let key = (definition.kind(), definition.name());
        if rules.definitions.get(&key) != Some(&definition) {
            rules.definitions.insert(key, definition.clone());
            changed.push(definition);
        }
    }
    if changed.is_empty() {
        let help = "name something that differs from the company's files and from what was applied before";
        reader.error(value.span, codes::BAD_VALUE, "nothing changes by this", help);
        return None;
    }
    reader.changed(rules);
    Some(Ok(changed))
}

/// Mappings are laid over mappings, key by key; anything else takes the place of what was there.
fn over(tree: &mut Tree, changes: &[Pair]) {
    let Shape::Map(pairs) = &mut tree.shape else {
        tree.shape = Shape::Map(changes.to_vec());
        return;
    };
    for change in changes {
        let known = pairs.iter_mut().find(|pair| pair.key == change.key);
        match (known, &change.value.shape) {
            (Some(known), Shape::Map(deeper)) if matches!(known.value.shape, Shape::Map(_)) => {
                over(&mut known.value, deeper);
            }
            (Some(known), _) => known.value = change.value.clone(),
            (None, _) => pairs.push(change.clone()),
        }
    }
}

/// A file again, each value on a line of its own.
fn text(tree: &Tree) -> String {
    let mut text = String::new();
    match &tree.shape {
        Shape::Map(pairs) => map(&mut text, pairs, 0),
        _ => value(&mut text, tree, 0),
    }
    text
}

fn map(text: &mut String, pairs: &[Pair], depth: usize) {
    for pair in pairs {
        let name = pair.key.chars().all(|c| c.is_alphanumeric() || "-_./@ ".contains(c));
        let name = name && pair.key.starts_with(|c: char| c.is_ascii_alphabetic());
        let key = if name { pair.key.clone() } else { quoted(&pair.key) };
        let _ = write!(text, "{:depth$}{key}:", "");
        value(text, &pair.value, depth);
    }
}

fn value(text: &mut String, tree: &Tree, depth: usize) {
    match &tree.shape {
        Shape::Scalar { text: own, plain } => {
            let own = if *plain && !own.contains('\n') { own.clone() } else { quoted(own) };
            let _ = writeln!(text, " {own}");
        }
        Shape::Map(pairs) if pairs.is_empty() => text.push_str(" {}\n"),
        Shape::Map(pairs) => {
            text.push('\n');
            map(text, pairs, depth + 2);
        }
        Shape::List(items) if items.is_empty() => text.push_str(" []\n"),
        Shape::List(items) => {
            text.push('\n');
            for item in items {
                let _ = write!(text, "{:1$}-", "", depth + 2);
                value(text, item, depth + 2);
            }
        }
        Shape::Bad => text.push('\n'),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written again means what it meant.
    #[test]
    fn every_file_of_the_demo_company_comes_out_the_same() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
        let files = countersign_chain::load_dir(&dir).expect("the company can be read");
        let again = files.iter().map(|file| {
            let text = text(&tree::read(file).0.expect("a file that can be read"));
            SourceFile { path: file.path.clone(), text }
        });
        let (first, found) = compile(&files);
        let (second, again) = compile(&again.collect::<Vec<_>>());
        assert_eq!(again.len(), found.len(), "{again:#?}");
        let definitions = |bundle: Option<countersign_chain::Bundle>| -> Vec<Definition> {
            let compiled = bundle.expect("it compiles").definitions;
            compiled.into_iter().map(|compiled| compiled.definition).collect()
        };
        assert!(definitions(first) == definitions(second), "the definitions differ");
    }
}
