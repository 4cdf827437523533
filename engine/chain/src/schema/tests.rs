//! The schemas against the files of the demo company, and against the keys that the loader reads.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::schemas;
use crate::diagnostic::Report;
use crate::source::{self, SourceFile};
use crate::yaml::{self, Body, Node};
use crate::{compile, load_dir, read};

/// Every company under workflows/.
fn companies() -> Vec<Vec<SourceFile>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows");
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|path| path.is_dir()).map(|path| load_dir(&path).unwrap()).collect()
}

fn json_of(node: &Node) -> Value {
    match &node.body {
        Body::Scalar(scalar) if scalar.plain => match scalar.text.as_str() {
            "true" => json!(true),
            "false" => json!(false),
            text if read::decimal(text).is_some() => serde_json::from_str(text).unwrap(),
            text => json!(text),
        },
        Body::Scalar(scalar) => json!(scalar.text),
        Body::List(items) => items.iter().map(json_of).collect(),
        Body::Map(entries) => {
            Value::Object(entries.iter().map(|e| (e.key.clone(), json_of(&e.value))).collect::<Map<_, _>>())
        }
        Body::Bad => panic!("a file that cannot be read"),
    }
}

fn json_file(file: &SourceFile) -> Value {
    let files = [file.clone()];
    let report = Report::new(&files);
    let node = yaml::parse(0, &file.text, &report).unwrap_or_else(|| panic!("{}", file.path));
    json_of(&node)
}

fn schema_of(path: &str) -> Option<Value> {
    let fits = |files: &str| match files.strip_suffix("*.yaml") {
        Some(folder) => path.starts_with(folder) && path.ends_with(".yaml"),
        None => path == files,
    };
    schemas().into_iter().find(|s| fits(s.files)).map(|s| s.schema)
}

fn problems(schema: &Value, file: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(schema).unwrap();
    validator.iter_errors(file).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

#[test]
fn schemas_are_valid_themselves() {
    for schema in schemas() {
        assert!(jsonschema::draft202012::meta::is_valid(&schema.schema), "{}", schema.kind);
        assert_eq!(schema.schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

#[test]
fn every_file_of_the_workflows_is_valid() {
    let mut checked = BTreeSet::new();
    for files in companies() {
        for file in &files {
            let Some(schema) = schema_of(&file.path) else {
                assert!(matches!(source::kind(&file.path), source::Kind::Stray), "{}", file.path);
                continue;
            };
            let found = problems(&schema, &json_file(file));
            assert!(found.is_empty(), "{}:\n{}", file.path, found.join("\n"));
            checked.insert(file.path.split('/').next().unwrap().to_owned());
        }
    }
    assert!(checked.len() >= 7, "{checked:?}");
}

#[test]
fn unknown_keys_fail_wherever_they_stand() {
    for files in companies() {
        for file in &files {
            let Some(schema) = schema_of(&file.path) else { continue };
            let whole = json_file(file);
            let mut closed = 0;
            for pointer in mappings(&whole) {
                let mut broken = whole.clone();
                let map = broken.pointer_mut(&pointer).and_then(Value::as_object_mut).unwrap();
                map.insert("No Such Key!".to_owned(), json!("No Such Value!"));
                closed += usize::from(!problems(&schema, &broken).is_empty());
            }
            // Rows, records and `with` have names of the writer's own; the file itself never does.
            assert!(closed > 0, "{}", file.path);
        }
    }
}

/// JSON pointers to the mappings of a file, at most 40 of them.
fn mappings(whole: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), whole)];
    while let Some((at, value)) = open.pop() {
        match value {
            Value::Object(map) => {
                found.push(at.clone());
                let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
                open.extend(map.iter().map(|(key, value)| (format!("{at}/{}", escaped(key)), value)));
            }
            Value::Array(items) => {
                open.extend(items.iter().enumerate().map(|(n, value)| (format!("{at}/{n}"), value)));
            }
            _ => {}
        }
    }
    found.truncate(40);
    found
}

#[test]
fn what_the_loader_refuses_the_schema_refuses() {
    let chain = |state: &str| {
        let text = format!(
            "chain: job\ndocument: job\ninitiators: anyone\nends: {{ done: good }}\nstates:\n  one: {{ {state} }}\n"
        );
        let file = SourceFile { path: "chains/job.yaml".to_owned(), text };
        problems(&schema_of(&file.path).unwrap(), &json_file(&file))
    };
    for good in [
        "approve: boss, next: { approved: done }",
        "all: [{ review: boss, when: doc.a > 1 }, { climb: contract }], within: 8wh",
        "command: erp.part.make, with: { a: doc.a }, learns: { b: reply.b }",
        "task: [boss, clerk], do: Look at it, asks: { rate: number, lines: { list: { a: text } } }",
        "wait: erp.part.sent, match: [{ when: message.a == doc.a, first_by: doc.b }], until: facts.c > 0",
        "approve: [{ when: doc.a > 1, who: boss }, { else: clerk }]",
        "run: part, for_each: line in doc.lines, copy: [doc, line], next: { passed: { go: done, learns: { a: 1 } } }",
        "choose: [{ when: doc.a > 1, go: done }, { else: draft }]",
        "check: [{ unique: doc.lines.number, else: TWICE }]",
        "run: part, as: piece, learns: { a: piece.facts.b }",
        "reserve: { a: doc.a from b(doc.c) }, overdraw: 5, short: TOO_LITTLE",
        "consume: [a, 1 from b], next: { done: done }",
    ] {
        assert_eq!(chain(good), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "approve: boss, review: boss",
        "within: 8wh",
        "approve: boss, match: true",
        "approve: boss, within: 8 hours",
        "command: erp.part.make, within: 8wh",
        "all: [{ check: [] }]",
        "all: [{ review: boss, next: {} }]",
        "check: [{ must: true }]",
        "wait: a.b, match: [{ wen: true }]",
        "approve: boss, next: { approved: { go: done, lerns: {} } }",
        "start: part, as: piece",
        "reserve: { a: 1 }, within: 8wh",
        "release: a, overdraw: 1",
    ] {
        assert!(!chain(bad).is_empty(), "{bad}");
    }
}

#[test]
fn sentences_and_expectations_have_their_shapes() {
    let case = |rest: &str| {
        let head = "chain: job\ncases:\n  - name: one\n    at: \"2025-04-21T09:00+08:00\"\n    ";
        let file = SourceFile { path: "cases/job.yaml".to_owned(), text: format!("{head}{rest}\n") };
        problems(&schema_of(&file.path).unwrap(), &json_file(&file))
    };
    for good in [
        "when: [kam_js submits, { boss rejects: too dear }, { then: { state: draft } }]",
        "when: [{ together: 100 times, do: \"kam_js submits P-n\" }]",
        "then: { state: done, signed: boss, sent erp.part.make: 2, J-1: { state: done } }",
        "given: { document: { a: 1 }, cases: [job J-1 is done] }\n    when: [{ wait: 16wh }]",
    ] {
        assert_eq!(case(good), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "whne: []",
        "when: kam_js submits",
        "when: [{ boss passes: a, boss rejects: b }]",
        "when: [{ do: kam_js submits }]",
        "then: done",
        "then: { ends: well }",
        "given: { documents: {} }",
    ] {
        assert!(!case(bad).is_empty(), "{bad}");
    }
}

/// Every list of keys with which the loader reads a mapping of the demo company is the list of some closed mapping of
/// the schemas.
#[test]
fn the_loader_knows_no_other_keys() {
    let mut closed: BTreeSet<BTreeSet<String>> = BTreeSet::new();
    for schema in schemas() {
        for part in schema.schema["$defs"].as_object().unwrap().values() {
            if part["additionalProperties"] == json!(false) {
                closed.insert(part["properties"].as_object().unwrap().keys().cloned().collect());
            }
        }
    }
    read::recorded::start();
    for files in companies() {
        compile(&files);
    }
    let read = read::recorded::finish();
    assert!(read.len() > 20, "{}", read.len());
    for keys in read {
        let keys: BTreeSet<String> = keys.iter().map(|k| (*k).to_owned()).collect();
        // What may stand in a state or beside a member depends on what is done in it.
        let states = keys.contains("climb") && keys.contains("next");
        assert!(states || closed.contains(&keys), "no schema has exactly the keys {keys:?}");
    }
}
