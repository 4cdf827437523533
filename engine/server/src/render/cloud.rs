//! Events as they are published: CloudEvents in JSON, with subject, id and correlation.

use countersign_core::command::CaseNo;
use countersign_core::event::Event;
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_messages::{LogId, Origin, OwnEvent, Token, is_reserved_chain, source_of};

use super::data::{Opinions, told};
use super::json::{Json, json};
use super::value::time;
use crate::ids::{case_text, correlation_text};

/// The version of the shapes of events.
const SHAPE: u16 = 1;
/// Room for the body of most events.
const BODY: usize = 1_024;

/// An event ready to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// `countersign.<company>.evt.<chain>.<event>`.
    pub subject: String,
    /// `<company>-<log_id>-<sequence>-<index>`.
    pub id: String,
    /// The frame.
    pub sequence: u64,
    /// The event's place in the frame, from 0.
    pub index: u32,
    /// What joins everything that belongs to one order, if the event belongs to a case.
    pub correlation: Option<String>,
    /// The event in the structured mode of CloudEvents.
    pub body: Vec<u8>,
}

/// What an event's case belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belongs {
    /// Its chain.
    pub chain: Name,
    /// The case at the root of those that were started one by another: the order.
    pub root: CaseNo,
}

/// Makes published events of one log.
#[derive(Clone, Debug)]
pub struct Publisher {
    company: Token,
    log_id: LogId,
    /// What the ids of all its events begin with, their subjects, and the source of all.
    ids: String,
    subjects: String,
    source: String,
}

impl Publisher {
    /// Of a company's log.
    pub fn new(company: Token, log_id: LogId) -> Publisher {
        let (ids, subjects) = (format!("{company}-{log_id}-"), format!("countersign.{company}.evt."));
        let source = source_of(&company);
        Publisher { company, log_id, ids, subjects, source }
    }

    /// The company.
    pub fn company(&self) -> &Token {
        &self.company
    }

    /// The log.
    pub fn log_id(&self) -> &LogId {
        &self.log_id
    }

    /// One event of a frame. `of` is what its case belongs to. None where the frame has no such event.
    pub fn event(
        &self,
        sequence: u64,
        frame: &Frame,
        index: usize,
        of: Option<&Belongs>,
    ) -> Option<Published> {
        let event = frame.events.get(index)?;
        let told = told(event, frame.events[index + 1..].iter(), Opinions::Closed);
        Some(self.published((sequence, frame, index), of, &told))
    }

    /// The same without what it says, where that is more than a message may hold: whoever follows asks for it.
    pub fn shortened(
        &self,
        sequence: u64,
        frame: &Frame,
        index: usize,
        of: Option<&Belongs>,
    ) -> Option<Published> {
        let event = frame.events.get(index)?;
        let mut told = json!({ "omitted": "TOO_LARGE" });
        if let Some(case) = event.case() {
            told.set("case", Json::Case(case));
        }
        Some(self.published((sequence, frame, index), of, &told))
    }

    fn published(
        &self,
        (sequence, frame, index): (u64, &Frame, usize),
        of: Option<&Belongs>,
        told: &Json<'_>,
    ) -> Published {
        let event = &frame.events[index];
        let place = u32::try_from(index).unwrap_or(u32::MAX);
        let id = format!("{}{sequence}-{place}", self.ids);
        // Names of kinds are tokens already.
        let (chain, kind) = (chain_token(event, of.map(|of| &of.chain)), event.name());
        let subject = [&self.subjects, chain.as_str(), ".", kind].concat();
        let event_type = format!("countersign.{chain}.{kind}.v{SHAPE}");
        let case = event.case();
        let root = of.map(|of| of.root).or(case);
        let correlation = case.and(root).map(|root| correlation_text(self.company.as_str(), root));
        let (case, at) = (case.map(case_text), time(frame.at));
        let origin = Origin {
            id: &id,
            source: &self.source,
            event_type: &event_type,
            time: at.as_str(),
            sequence,
            case: case.as_deref(),
            correlation: correlation.as_deref(),
        };
        let mut body = Vec::with_capacity(BODY);
        OwnEvent::new(origin, told).write(&mut body);
        Published { subject, id, sequence, index: place, correlation, body }
    }
}

/// The chain's place in a subject; a reserved word for what belongs to no chain.
fn chain_token(event: &Event, chain: Option<&Name>) -> Token {
    match event {
        Event::DefinitionStored(_) | Event::DefinitionsActivated(_) => token("definitions"),
        Event::OrganisationSwept(_) | Event::ActsSuperseded(_) | Event::WindowTurned(_) => {
            token("organisation")
        }
        _ if event.change().is_some_and(|change| change.case.is_none()) => token("organisation"),
        Event::SkipLevelAttempted(e) => of_chain(&e.chain),
        Event::CompanyFounded(_) => token("system"),
        _ => chain.map_or_else(|| token("system"), of_chain),
    }
}

/// A chain's name as a token: names may hold capitals and `_`, tokens do not. A chain that is called as a reserved
/// word gets an ending.
fn of_chain(chain: &Name) -> Token {
    let kebab: String = chain
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(60)
        .collect();
    if is_reserved_chain(&kebab) { token(format!("{kebab}-x")) } else { token(kebab) }
}

fn token(text: impl Into<String>) -> Token {
    Token::new(text).unwrap_or_else(|_| Token::new("unnamed").expect("a token"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::every_kind;
    use countersign_core::command::Cause;
    use countersign_core::frame::Outcome;
    use countersign_core::time::Timestamp;
    use countersign_messages::{CloudEvent, Limits, Subject};

    fn frame() -> Frame {
        let at = Timestamp(1_745_197_200_000);
        Frame { at, cause: Cause::Timer { due: at }, outcome: Outcome::Accepted, events: every_kind() }
    }

    fn publisher() -> Publisher {
        let log_id = LogId::from_bytes(&[0xab; 16]);
        Publisher::new(Token::new("yuanlan").expect("a token"), log_id)
    }

    #[test]
    fn every_kind_is_published_under_a_subject_and_an_id_that_are_read_back() {
        let frame = frame();
        let of = Belongs { chain: Name::from("contract-review"), root: 7 };
        for index in 0..frame.events.len() {
            let published = publisher().event(42, &frame, index, Some(&of)).expect("an event");
            let subject: Subject = published.subject.parse().expect("a subject");
            let Subject::Event { event, .. } = subject else { panic!("{}", published.subject) };
            assert_eq!(event.as_str(), frame.events[index].name());
            let cloud = CloudEvent::from_structured(&published.body, &Limits::default()).expect("an event");
            let id = cloud.message_id().expect("an id of ours");
            assert_eq!((id.sequence, id.index as usize), (42, index));
            let order = frame.events[index].case().map(|_| "yuanlan-C-7");
            assert_eq!(cloud.correlation.as_deref(), order);
        }
        assert!(publisher().event(42, &frame, frame.events.len(), None).is_none());
    }

    #[test]
    fn events_without_a_case_stand_under_reserved_words() {
        let frame = frame();
        let subject = |name: &str| {
            let index = frame.events.iter().position(|event| event.name() == name).expect("a sample");
            publisher().event(1, &frame, index, None).expect("an event").subject
        };
        assert_eq!(subject("company-founded"), "countersign.yuanlan.evt.system.company-founded");
        assert_eq!(subject("definition-stored"), "countersign.yuanlan.evt.definitions.definition-stored");
        assert_eq!(subject("organisation-swept"), "countersign.yuanlan.evt.organisation.organisation-swept");
        let skip = "countersign.yuanlan.evt.contract-review.skip-level-attempted";
        assert_eq!(subject("skip-level-attempted"), skip);
    }

    #[test]
    fn names_of_chains_become_tokens() {
        assert_eq!(of_chain(&Name::from("Contract_Review")).as_str(), "contract-review");
        assert_eq!(of_chain(&Name::from("system")).as_str(), "system-x");
        assert_eq!(of_chain(&Name::from("合同")).as_str(), "unnamed");
    }

    #[test]
    fn a_shortened_event_keeps_its_place_and_says_that_it_is_short() {
        let frame = frame();
        let whole = publisher().event(42, &frame, 5, None).expect("an event");
        let short = publisher().shortened(42, &frame, 5, None).expect("an event");
        assert_eq!((&short.id, &short.subject), (&whole.id, &whole.subject));
        assert!(String::from_utf8_lossy(&short.body).contains(r#""omitted":"TOO_LARGE""#));
    }
}
