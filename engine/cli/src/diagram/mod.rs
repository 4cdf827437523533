//! A chain as a picture: its states, its ends, and the arrows between them.

mod mermaid;
mod svg;
mod words;

use countersign_core::definition::{Activity, Chain, Node, StateDef, Target};
use countersign_core::name::Title;

use crate::output::Lang;
pub(crate) use mermaid::mermaid;
pub(crate) use svg::svg;
use words::{outcome, place};

/// A chain as boxes and arrows.
pub(crate) struct Graph {
    pub(crate) title: String,
    pub(crate) boxes: Vec<Box>,
    pub(crate) arrows: Vec<Arrow>,
}

/// A state, an end, or one of the places that every chain has.
pub(crate) struct Box {
    /// A name that no other box has: letters, digits, `_`.
    pub(crate) id: String,
    pub(crate) name: String,
    /// What is done there.
    pub(crate) work: String,
    pub(crate) kind: Kind,
}

/// What a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Start,
    State,
    People,
    Good,
    Bad,
    Built,
}

/// An arrow, by the places of its boxes; outcomes that lead the same way share one.
pub(crate) struct Arrow {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) label: String,
}

/// A title in a language; English where there is no other.
pub(crate) fn title(title: &Title, lang: Lang) -> &str {
    if lang == Lang::Zh && !title.zh.is_empty() { &title.zh } else { &title.en }
}

impl Graph {
    /// The picture of a chain.
    pub(crate) fn of(chain: &Chain, lang: Lang) -> Graph {
        let mut graph =
            Graph { title: title(&chain.title, lang).to_owned(), boxes: Vec::new(), arrows: Vec::new() };
        let id = |prefix: &str, name: &str| format!("{prefix}_{}", name.replace('-', "_"));
        let built = |name: &str, kind: Kind| Box {
            id: id("b", name),
            name: place(name, lang).to_owned(),
            work: String::new(),
            kind,
        };
        graph.boxes.push(built("submitted", Kind::Start));
        for state in &chain.states {
            let people = matches!(state.activity, Activity::People(_));
            graph.boxes.push(Box {
                id: id("s", &state.name),
                name: state.name.to_string(),
                work: work(state, chain, lang),
                kind: if people { Kind::People } else { Kind::State },
            });
        }
        for end in &chain.ends {
            let kind = if end.good { Kind::Good } else { Kind::Bad };
            graph.boxes.push(Box {
                id: id("e", &end.name),
                name: end.name.to_string(),
                work: String::new(),
                kind,
            });
        }
        let draft = graph.boxes.len();
        graph.boxes.extend([built("draft", Kind::Built), built("on-hold", Kind::Built)]);
        graph.arrows.push(Arrow { from: 0, to: 1, label: String::new() });
        for (number, state) in chain.states.iter().enumerate() {
            let back = number + 1;
            let at = |target: Target| match target {
                Target::State(state) => usize::from(state) + 1,
                Target::End(end) => usize::from(end) + 1 + chain.states.len(),
                Target::Draft => draft,
                Target::OnHold => draft + 1,
                Target::Back => back,
            };
            for (label, target) in ways(state, lang) {
                graph.arrow(number + 1, at(target), &label);
            }
        }
        graph.without_unused(draft)
    }

    fn arrow(&mut self, from: usize, to: usize, label: &str) {
        match self.arrows.iter_mut().find(|arrow| arrow.from == from && arrow.to == to) {
            Some(arrow) => arrow.label = format!("{}, {label}", arrow.label),
            None => self.arrows.push(Arrow { from, to, label: label.to_owned() }),
        }
    }

    /// Takes away the built-in places, last in the list, to which nothing leads.
    fn without_unused(mut self, first: usize) -> Graph {
        for place in (first..self.boxes.len()).rev() {
            if !self.arrows.iter().any(|arrow| arrow.to == place) {
                self.boxes.remove(place);
                for arrow in &mut self.arrows {
                    arrow.to -= usize::from(arrow.to > place);
                }
            }
        }
        self
    }
}

/// Every way out of a state, with what it is called.
fn ways(state: &StateDef, lang: Lang) -> Vec<(String, Target)> {
    let mut ways = Vec::new();
    if let Activity::Choose(branches) = &state.activity {
        for branch in branches {
            let label = if branch.when.is_some() { words::if_so(lang) } else { words::otherwise(lang) };
            ways.push((label.to_owned(), branch.go));
        }
    }
    for (name, arrows) in &state.next {
        let several = arrows.len() > 1;
        for arrow in arrows {
            let label = match (&arrow.when, several) {
                (Some(_), _) => format!("{} {}", outcome(name, lang), words::if_so(lang)),
                (None, true) => format!("{} {}", outcome(name, lang), words::otherwise(lang)),
                (None, false) => outcome(name, lang).to_owned(),
            };
            ways.push((label, arrow.go));
        }
    }
    if let Some(expiry) = &state.expires {
        ways.push((format!("{} {}", outcome("expires", lang), expiry.after), expiry.go));
    }
    ways
}

/// What is done in a state, in a few words.
fn work(state: &StateDef, chain: &Chain, lang: Lang) -> String {
    let named = |what: &str, name: &str| format!("{}: {name}", words::work(what, lang));
    match &state.activity {
        Activity::Check(checks) => {
            let codes: Vec<&str> = checks.iter().map(|check| check.code.as_str()).take(3).collect();
            named("check", &codes.join(", "))
        }
        Activity::Choose(_) => words::work("choose", lang).to_owned(),
        Activity::People(node) => people(node, lang),
        Activity::Wait(wait) => named("wait", &wait.fact),
        Activity::WaitUntil(_) => words::work("wait", lang).to_owned(),
        Activity::Command(command) => named("command", &command.verb),
        Activity::Follow { state } => {
            let of = chain.states.get(usize::from(*state)).map_or("", |state| state.name.as_str());
            named("follow", of)
        }
        Activity::Run(run) => named("run", &run.chain),
        Activity::Start(run) => named("start", &run.chain),
        Activity::Join { chain } => named("join", chain),
        Activity::Tell(_) => words::work("tell", lang).to_owned(),
        Activity::Record(record) => named("record", &record.table),
        Activity::Delegate(_) => words::work("delegate", lang).to_owned(),
        Activity::WhileDelegated(_) => words::work("while_delegated", lang).to_owned(),
        Activity::EndDelegation(_) => words::work("end_delegation", lang).to_owned(),
        Activity::HandOver(_) => words::work("hand_over", lang).to_owned(),
        Activity::Compensate { .. } => words::work("compensate", lang).to_owned(),
        Activity::Reserve(def) => {
            let names: Vec<&str> = def.holds.iter().map(|(name, _, _)| name.as_str()).collect();
            named("reserve", &names.join(", "))
        }
        Activity::Consume(_) => words::work("consume", lang).to_owned(),
        Activity::Release(_) => words::work("release", lang).to_owned(),
        Activity::Restore(_) => words::work("restore", lang).to_owned(),
    }
}

fn people(node: &Node, lang: Lang) -> String {
    match node {
        Node::Climb(climb) => format!("{}: {}", words::work("climb", lang), climb.authority),
        Node::Signer(signer) => {
            if let Some(task) = &signer.task {
                return title(&task.title, lang).to_owned();
            }
            let duty = signer.duty.word();
            match &signer.who {
                countersign_core::definition::Who::Position(name)
                | countersign_core::definition::Who::Group(name) => {
                    format!("{}: {name}", words::work(duty, lang))
                }
                _ => words::work(duty, lang).to_owned(),
            }
        }
        Node::All(members) => format!("{} ({})", words::work("all", lang), members.len()),
        Node::Any(members) => format!("{} ({})", words::work("any", lang), members.len()),
        Node::Votes { members, .. } => format!("{} ({})", words::work("votes", lang), members.len()),
        Node::InOrder(members) => format!("{} ({})", words::work("in_order", lang), members.len()),
    }
}
