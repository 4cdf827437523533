//! The company of the benchmark: six posts in a line, one chain of five signatures. Compiled from the files beside
//! this module by the loader that users use.

use countersign_core::command::{
    Answer, Body, CaseNo, Cause, ContentHash, Request, Stored, Verdict, VouchedBy,
};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_core::value::Raw;

use crate::embedded::{self, File};

/// Posts from the first signer to the last, and who holds them.
const SIGNERS: [(&str, &str); 5] =
    [("fifth", "B05"), ("fourth", "B04"), ("third", "B03"), ("second", "B02"), ("head", "B01")];

/// Signatures that a case takes.
pub(super) const LEVELS: usize = SIGNERS.len();

const FILES: [File; 6] = [
    ("company.yaml", include_str!("company/company.yaml")),
    ("organisation.yaml", include_str!("company/organisation.yaml")),
    ("authority.yaml", include_str!("company/authority.yaml")),
    ("systems.yaml", include_str!("company/systems.yaml")),
    ("documents/expense.yaml", include_str!("company/documents/expense.yaml")),
    ("chains/five-levels.yaml", include_str!("company/chains/five-levels.yaml")),
];

/// The definitions, ready for the log.
pub(super) fn definitions() -> Result<Vec<Stored>, String> {
    embedded::definitions(&FILES).map_err(|why| format!("the benchmark's company does not compile: {why}"))
}

/// An operator at the machine.
pub(super) fn operator() -> Cause {
    embedded::operator("bench")
}

/// Names that every request shares, as a server would keep them.
#[derive(Clone)]
pub(super) struct Names {
    system: Name,
    chain: Name,
    clerk: (Name, Name),
    signers: Vec<(Name, Name)>,
}

impl Names {
    pub(super) fn new() -> Names {
        Names {
            system: Name::from("bench"),
            chain: Name::from("five-levels"),
            clerk: (Name::from("clerk"), Name::from("B06")),
            signers: SIGNERS.iter().map(|(post, person)| (Name::from(*post), Name::from(*person))).collect(),
        }
    }

    fn request(&self, id: String, (position, person): &(Name, Name), sent_at: Timestamp) -> Cause {
        Cause::Request(Request {
            system: self.system.clone(),
            request_id: Name::from(id),
            fingerprint: [7; 16],
            sent_at,
            person: person.clone(),
            position: position.clone(),
            vouched_by: VouchedBy::System,
        })
    }

    /// Hands in claim `number`.
    pub(super) fn submit(&self, number: u64, sent_at: Timestamp) -> (Cause, Body) {
        let text = |text: &str| Raw::Text(text.to_owned());
        let amount = [("amount".to_owned(), text("250000.00")), ("currency".to_owned(), text("CNY"))];
        let document = [
            ("claim_no".to_owned(), Raw::Text(format!("EX-{number}"))),
            ("amount".to_owned(), Raw::Record(amount.into())),
            ("purpose".to_owned(), text("a trade fair in Hangzhou, hotel and train for three")),
        ];
        let body = Body::Submit {
            chain: self.chain.clone(),
            document: Raw::Record(document.into()),
            addressee: None,
        };
        (self.request(format!("submit-{number:010}-bench"), &self.clerk, sent_at), body)
    }

    /// The signature of a level, from 0, on a case.
    pub(super) fn decide(
        &self,
        case: CaseNo,
        hash: ContentHash,
        level: usize,
        sent_at: Timestamp,
    ) -> (Cause, Body) {
        let verdict = if level + 1 == LEVELS { Verdict::Approve } else { Verdict::Pass };
        let task = level as u32 + 1;
        let answer = Answer {
            case,
            task,
            version: 1,
            content_hash: hash,
            verdict,
            reason: None,
            document: None,
            choice: None,
            fields: None,
        };
        (
            self.request(format!("decide-{case:010}-{level}-bench"), &self.signers[level], sent_at),
            Body::Decide(answer),
        )
    }
}
