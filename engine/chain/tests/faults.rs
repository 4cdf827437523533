//! Faults put into a company's rules at random, one at a time. Where core can be driven to hold a case because nobody can
//! sign, `check` must say so, at the line of the state that the case stands in.
//!
//! `COUNTERSIGN_LONG` puts in a thousand, `COUNTERSIGN_SEED` others.
#![allow(clippy::print_stdout, reason = "a run tells its seed and its figures")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use countersign_chain::{Diagnostic, Proof, SourceFile, compile, compile_as, load_dir};
use countersign_core::command::{Answer, Body, Cause, Command, Request, Stored, Verdict, VouchedBy};
use countersign_core::definition::{Chain, Definition, DocumentType, Duty, FORM, Field, Target};
use countersign_core::name::Name;
use countersign_core::state::{Stage, State};
use countersign_core::time::Timestamp;
use countersign_core::turn::{TurnResult, turn};
use countersign_core::value::{Raw, Type};

/// A simple generator: the same seed, the same faults.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// One kind of fault: in a file, lines that have this may become that.
struct Kind {
    name: &'static str,
    file: &'static str,
    wrong: fn(&str, &mut Random) -> Option<String>,
}

fn without(line: &str, from: &str, to: &str) -> Option<String> {
    let start = line.find(from)?;
    let end = start + from.len() + line[start + from.len()..].find(to)?;
    Some(format!("{}{}", &line[..start], &line[end..]))
}

/// One of the entries between braces after a word goes.
fn drop_entry(line: &str, after: &str, random: &mut Random) -> Option<String> {
    let start = line.find(after)? + after.len();
    let end = start + line[start..].find('}')?;
    let mut entries: Vec<&str> = line[start..end].split(", ").collect();
    if entries.len() < 2 || line[start..end].contains('{') {
        return None;
    }
    entries.remove(random.below(entries.len()));
    Some(format!("{}{}{}", &line[..start], entries.join(", "), &line[end..]))
}

fn replaced(line: &str, from: &str, to: &str) -> Option<String> {
    line.contains(from).then(|| line.replacen(from, to, 1))
}

const KINDS: &[Kind] = &[
    Kind { name: "a removed limit", file: "authority.yaml", wrong: |l, r| drop_entry(l, "limits: { ", r) },
    Kind {
        name: "a lower limit at the top",
        file: "authority.yaml",
        wrong: |l, _| replaced(l, "unlimited", "30000000"),
    },
    Kind {
        name: "a vacated post",
        file: "organisation.yaml",
        wrong: |l, _| without(l, "holders: [", "]").map(|l| l.replacen("]", "holders: []", 1)),
    },
    Kind {
        name: "two posts of one person",
        file: "organisation.yaml",
        wrong: |l, r| {
            let person = ["H01", "H06", "H08", "H11", "H24"][r.below(5)];
            without(l, "holders: [", "]").map(|l| l.replacen("]", &format!("holders: [{person}]"), 1))
        },
    },
    Kind {
        name: "nobody acts",
        file: "organisation.yaml",
        wrong: |l, _| without(l, ", acting: {", "}").map(|l| l.replacen("} }", "}", 1)),
    },
    Kind {
        name: "a superior below",
        file: "organisation.yaml",
        wrong: |l, _| replaced(l, "solid: sales_director", "solid: kam_js"),
    },
    Kind {
        name: "a second top",
        file: "organisation.yaml",
        wrong: |l, _| replaced(l, "solid: president", "solid: top"),
    },
    Kind {
        name: "a group that needs all",
        file: "organisation.yaml",
        wrong: |l, _| replaced(l, "need: 3", "need: 4"),
    },
    Kind {
        name: "a smaller group",
        file: "organisation.yaml",
        wrong: |l, _| replaced(l, "members: [president, sales_director, ", "members: ["),
    },
    Kind {
        name: "nobody for own documents",
        file: "company.yaml",
        wrong: |l, _| l.contains("top: { decided_by").then(String::new),
    },
    Kind {
        name: "no superior stands in",
        file: "company.yaml",
        wrong: |l, _| replaced(l, ", next-superior]", "]"),
    },
    Kind {
        name: "a floor of three persons",
        file: "company.yaml",
        wrong: |l, _| replaced(l, "never_below: 2", "never_below: 3"),
    },
    Kind {
        name: "independent signatures",
        file: "authority.yaml",
        wrong: |l, _| replaced(l, "  line: solid", "  line: solid\n  independent: true"),
    },
    Kind {
        name: "a dropped arrow",
        file: "chains/",
        wrong: |l, _| l.trim_start().starts_with("next: {").then(String::new),
    },
    Kind {
        name: "anyone hands in",
        file: "chains/",
        wrong: |l, _| l.starts_with("initiators: [").then(|| "initiators: anyone".to_owned()),
    },
    Kind {
        name: "a removed undo",
        file: "adapters.yaml",
        wrong: |l, _| l.contains(", undo: ").then(|| l.split(", undo: ").next().unwrap().to_owned() + " }"),
    },
    Kind {
        name: "an endless loop",
        file: "chains/",
        wrong: |l, _| replaced(l, "refused: rejected", "refused: kind"),
    },
    Kind {
        name: "nobody above approves",
        file: "chains/",
        wrong: |l, _| replaced(l, "climb: ", "approve: superior(submitter) # "),
    },
];

/// A fault: where, and the files with it.
struct Fault {
    what: String,
    files: Vec<SourceFile>,
}

fn fault(files: &[SourceFile], random: &mut Random) -> Fault {
    loop {
        let kind = &KINDS[random.below(KINDS.len())];
        let among: Vec<usize> = (0..files.len()).filter(|n| files[*n].path.starts_with(kind.file)).collect();
        let Some(n) = among.get(random.below(among.len())) else { continue };
        let lines: Vec<&str> = files[*n].text.lines().collect();
        let wrong: Vec<(usize, String)> =
            lines.iter().enumerate().filter_map(|(i, line)| Some((i, (kind.wrong)(line, random)?))).collect();
        if wrong.is_empty() {
            continue;
        }
        let (line, text) = wrong[random.below(wrong.len())].clone();
        let mut changed: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        changed[line] = text;
        let mut files = files.to_vec();
        files[*n].text = changed.join("\n") + "\n";
        return Fault { what: format!("{}, {}:{}", kind.name, files[*n].path, line + 1), files };
    }
}

/// A document about so much, as far as types tell how to fill it in.
fn document(kind: &DocumentType, amount: &str, rows: &BTreeMap<Name, Name>) -> Raw {
    let sent = kind.fields.iter().filter(|field| field.computed.is_none() && !field.numbered);
    Raw::Record(
        sent.filter(|f| f.default.is_none())
            .filter_map(|f: &Field| Some((f.name.to_string(), raw(&f.kind, amount, rows)?)))
            .collect(),
    )
}

fn raw(kind: &Type, amount: &str, rows: &BTreeMap<Name, Name>) -> Option<Raw> {
    Some(match kind {
        Type::Optional(_) => return None,
        Type::Flag => Raw::Flag(true),
        Type::Text => Raw::Text("x".to_owned()),
        Type::Money => Raw::Record(BTreeMap::from([
            ("amount".to_owned(), Raw::Text(amount.to_owned())),
            ("currency".to_owned(), Raw::Text("CNY".to_owned())),
        ])),
        Type::Percent => Raw::Text("1%".to_owned()),
        Type::Number | Type::Units => Raw::Number("1".to_owned()),
        Type::Date => Raw::Text("2026-01-05".to_owned()),
        Type::Position => Raw::Text("kam_js".to_owned()),
        Type::Unit => Raw::Text("js".to_owned()),
        Type::Row(table) => Raw::Text(rows.get(table)?.to_string()),
        Type::Choice(words) => Raw::Text(words.first()?.to_string()),
        Type::List(of) => Raw::List(raw(of, amount, rows).into_iter().collect()),
        Type::Record(fields) => Raw::Record(
            fields
                .iter()
                .filter_map(|(name, kind)| Some((name.to_string(), raw(kind, amount, rows)?)))
                .collect(),
        ),
        Type::AnyMoney | Type::Time | Type::Span | Type::Case | Type::Secret => return None,
    })
}

/// A company in which nothing has been handed in.
struct Company {
    state: State,
    at: Timestamp,
    serial: u32,
}

impl Company {
    fn found(definitions: &[Definition]) -> Company {
        // After the last change of limits and whoever acts.
        let mut company = Company { state: State::default(), at: Timestamp(1_768_200_000_000), serial: 0 };
        company.operator(Body::Found { company: Name::from("faults"), administrator: Name::from("H03") });
        let mut numbers = Vec::new();
        for definition in definitions {
            numbers.push(company.state.definitions().next_number());
            let compiled = definition.encode().unwrap();
            let (path, source) = (definition.name(), String::new());
            company.operator(Body::Store(Box::new(Stored {
                path,
                source,
                sha256: [0; 32],
                form: FORM,
                compiled,
            })));
        }
        company.operator(Body::Activate { definitions: numbers });
        company
    }

    fn operator(&mut self, body: Body) {
        let command = Command { at: self.at, cause: Cause::Operator { os_user: Name::from("root") }, body };
        assert!(matches!(turn(&mut self.state, &command).result, TurnResult::Done));
    }

    fn request(&mut self, (person, position): (&Name, &Name), body: Body) -> bool {
        self.serial += 1;
        let request = Request {
            system: Name::from("faults"),
            request_id: Name::from(format!("r{}", self.serial)),
            fingerprint: [0; 16],
            sent_at: self.at,
            person: person.clone(),
            position: position.clone(),
            vouched_by: VouchedBy::Local,
        };
        let command = Command { at: self.at, cause: Cause::Request(request), body };
        matches!(turn(&mut self.state, &command).result, TurnResult::Done)
    }

    /// Hands a document in and lets everybody agree. The state in which nobody could be asked, if it comes to that.
    fn driven(&mut self, chain: &Chain, who: (&Name, &Name), document: Raw) -> Option<Name> {
        let case = self.state.next_case();
        let body = Body::Submit { chain: chain.name.clone(), document, addressee: None };
        if !self.request(who, body) {
            return None;
        }
        for _ in 0..40 {
            let open = self.state.case(case)?;
            if let Stage::Held { code, state, .. } = open.stage() {
                let nobody = matches!(code.as_str(), "NO_APPROVER" | "BEYOND_AUTHORITY");
                return Some(chain.states[usize::from((*state)?)].name.clone()).filter(|_| nobody);
            }
            let (number, task) = open.tasks().first_key_value()?;
            let verdict = match task.duty {
                Duty::Approve | Duty::OnCall => Verdict::Approve,
                Duty::Review => Verdict::Pass,
                Duty::Input => Verdict::Input,
                Duty::Task => Verdict::Done,
                Duty::Edit => return None,
            };
            let (person, position) = (task.holders.first()?.clone(), task.position.clone());
            let answer = Answer {
                case,
                task: *number,
                version: task.version,
                content_hash: *open.content_hash(),
                verdict,
                reason: None,
                document: None,
                choice: None,
                fields: None,
            };
            if !self.request((&person, &position), Body::Decide(answer)) {
                return None;
            }
        }
        None
    }
}

/// Below, at and above the limits of the demo company.
const AMOUNTS: &[&str] =
    &["0", "500.01", "10000.01", "60000", "300000.01", "2000000.01", "20000000.01", "40000000"];

/// What a search comes to.
#[derive(Default)]
struct Searched {
    /// The chains and states in which core holds a case because nobody can be asked.
    held: BTreeSet<(Name, Name)>,
    /// The chains in which a document of ours can be handed in at all.
    drivable: BTreeSet<Name>,
}

fn search(definitions: &[Definition], drivable: Option<&BTreeSet<Name>>) -> Searched {
    let company = Company::found(definitions);
    let mut found = Searched::default();
    let rows = definitions.iter().filter_map(|d| match d {
        Definition::Table(table) => Some((table.name.clone(), table.rows.keys().next()?.clone())),
        _ => None,
    });
    let rows: BTreeMap<Name, Name> = rows.collect();
    let organisation = definitions.iter().find_map(|d| match d {
        Definition::Organisation(organisation) => Some(organisation),
        _ => None,
    });
    for definition in definitions {
        let Definition::Chain(chain) = definition else { continue };
        let kind = definitions.iter().find_map(|d| match d {
            Definition::Document(kind) if kind.name == chain.document => Some(kind),
            _ => None,
        });
        let (Some(kind), true) = (kind, drivable.is_none_or(|names| names.contains(&chain.name))) else {
            continue;
        };
        for (position, post) in &organisation.unwrap().positions {
            for amount in AMOUNTS {
                let document = document(kind, amount, &rows);
                for person in &post.holders {
                    let mut copy = Company { state: company.state.clone(), at: company.at, serial: 0 };
                    let state = copy.driven(chain, (person, position), document.clone());
                    found.held.extend(state.map(|state| (chain.name.clone(), state)));
                    if copy.state.next_case() > company.state.next_case() {
                        found.drivable.insert(chain.name.clone());
                    }
                }
            }
        }
    }
    found
}

/// Whether a finding of the proof stands at the line of this state, or of one that it leads to: a case that is held on
/// its way into a state still stands in the one before.
fn is_found(
    (files, definitions): (&[SourceFile], &[Definition]),
    found: &[Diagnostic],
    (name, state): &(Name, Name),
) -> bool {
    let path = format!("chains/{name}.yaml");
    let file = files.iter().find(|f| f.path == path).unwrap();
    let chain = definitions.iter().find_map(|d| match d {
        Definition::Chain(chain) if chain.name == *name => Some(chain),
        _ => None,
    });
    let states = &chain.unwrap().states;
    let at = states.iter().find(|s| s.name == *state).unwrap();
    let next = at.next.values().flatten().filter_map(|arrow| match arrow.go {
        Target::State(to) => Some(&states[usize::from(to)].name),
        _ => None,
    });
    let line = |state: &Name| {
        let found = file.text.lines().position(|line| line.starts_with(&format!("  {state}:")));
        found.map(|n| n as u32 + 1)
    };
    let lines: Vec<Option<u32>> = [state].into_iter().chain(next).map(line).collect();
    let of_proof = |d: &&Diagnostic| matches!(d.code, "NOBODY_CAN_APPROVE" | "NOBODY_ANSWERS");
    found.iter().filter(of_proof).any(|d| d.file == path && lines.contains(&Some(d.line)))
}

/// What became of so many faults.
#[derive(Default, Debug)]
struct Count {
    wrong_in_itself: usize,
    held: usize,
    states: usize,
    harmless: usize,
    proved_only: usize,
}

fn run(company: &str, faults: usize, random: &mut Random, count: &mut Count) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(company);
    let files = load_dir(&dir).unwrap();
    let (bundle, found) = compile(&files);
    assert!(found.is_empty(), "{found:?}");
    let sound: Vec<Definition> = bundle.unwrap().definitions.into_iter().map(|c| c.definition).collect();
    let Searched { held, drivable } = search(&sound, None);
    assert!(held.is_empty(), "held without any fault: {held:?}");
    assert!(!drivable.is_empty());
    println!("{company}: documents are handed in to {drivable:?}");
    for n in 0..faults {
        let Fault { what, files } = fault(&files, random);
        let (unproved, found) = compile_as(&files, Proof::Nothing);
        let Some(unproved) = unproved else {
            assert!(!found.is_empty(), "{company}, fault {n}: {what}");
            count.wrong_in_itself += 1;
            continue;
        };
        let definitions: Vec<Definition> = unproved.definitions.into_iter().map(|c| c.definition).collect();
        let held = search(&definitions, Some(&drivable)).held;
        let (proved, found) = compile(&files);
        for at in &held {
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert!(
                is_found((&files, &definitions), &found, at),
                "{company}, fault {n}: {what}: {at:?} is held\n{}",
                shown.join("\n")
            );
        }
        count.states += held.len();
        match (held.is_empty(), proved.is_some()) {
            (false, proved) => {
                assert!(!proved, "{company}, fault {n}: {what}");
                count.held += 1;
            }
            (true, true) => count.harmless += 1,
            (true, false) => count.proved_only += 1,
        }
    }
}

#[test]
fn every_fault_that_core_can_be_driven_into_is_found_at_its_line() {
    let seed = std::env::var("COUNTERSIGN_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(20_261_122_u64);
    let faults = if std::env::var_os("COUNTERSIGN_LONG").is_some() { 500 } else { 15 };
    let (mut random, mut count) = (Random(seed | 1), Count::default());
    for company in ["workflows/yuanlan", "tests/companies/contracts"] {
        run(company, faults, &mut random, &mut count);
    }
    println!("seed {seed}, {faults} faults in each of two companies: {count:?}");
    // So few may all be harmless in themselves; of many some must have been driven into.
    assert!(faults < 100 || (count.held > 20 && count.wrong_in_itself > 20), "{count:?}");
}
