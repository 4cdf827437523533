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

/// How many persons hand in, one after another.
const CLERKS: u64 = 20;

const FILES: [File; 8] = [
    ("company.yaml", include_str!("company/company.yaml")),
    ("organisation.yaml", include_str!("company/organisation.yaml")),
    ("authority.yaml", include_str!("company/authority.yaml")),
    ("systems.yaml", include_str!("company/systems.yaml")),
    ("documents/expense.yaml", include_str!("company/documents/expense.yaml")),
    ("documents/travel.yaml", include_str!("company/documents/travel.yaml")),
    ("chains/five-levels.yaml", include_str!("company/chains/five-levels.yaml")),
    ("chains/ten-fields.yaml", include_str!("company/chains/ten-fields.yaml")),
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
    clerk: Name,
    clerks: Vec<Name>,
    signers: Vec<(Name, Name)>,
}

/// What is handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// A claim of three fields, of which State keeps two.
    Short,
    /// A claim of ten fields, all of which the chain reads, so that State keeps them.
    TenFields,
}

impl Names {
    pub(super) fn new() -> Names {
        Names {
            system: Name::from("bench"),
            clerk: Name::from("clerk"),
            clerks: (6..6 + CLERKS).map(|number| Name::from(format!("B{number:02}"))).collect(),
            signers: SIGNERS.iter().map(|(post, person)| (Name::from(*post), Name::from(*person))).collect(),
        }
    }

    /// The post and the person of a level, from 0.
    pub(super) fn signer(&self, level: usize) -> &(Name, Name) {
        &self.signers[level]
    }

    fn request(&self, id: String, (position, person): (&Name, &Name), sent_at: Timestamp) -> Cause {
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

    /// Hands in claim `number`. Amounts and persons differ from claim to claim; all of them climb to the top.
    pub(super) fn submit(&self, claim: Claim, number: u64, sent_at: Timestamp) -> (Cause, Body) {
        let (chain, document) = match claim {
            Claim::Short => ("five-levels", short(number)),
            Claim::TenFields => ("ten-fields", ten_fields(number)),
        };
        let clerk = &self.clerks[(number % CLERKS) as usize];
        let document = document.into_iter().map(|(field, value)| (field.to_owned(), value)).collect();
        let body =
            Body::Submit { chain: Name::from(chain), document: Raw::Record(document), addressee: None };
        (self.request(format!("submit-{number:010}-bench"), (&self.clerk, clerk), sent_at), body)
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
        let (position, person) = self.signer(level);
        let id = format!("decide-{case:010}-{level}-bench");
        (self.request(id, (position, person), sent_at), Body::Decide(answer))
    }
}

fn text(text: &str) -> Raw {
    Raw::Text(text.to_owned())
}

fn short(number: u64) -> Vec<(&'static str, Raw)> {
    let amount = format!("{}.{:02}", 150_000 + number % 150_001, number % 100);
    let amount = [("amount".to_owned(), Raw::Text(amount)), ("currency".to_owned(), text("CNY"))];
    vec![
        ("claim_no", Raw::Text(format!("EX-{number}"))),
        ("amount", Raw::Record(amount.into())),
        ("purpose", text("a trade fair in Hangzhou, hotel and train for three")),
    ]
}

fn ten_fields(number: u64) -> Vec<(&'static str, Raw)> {
    let mut document = short(number);
    document.extend([
        ("project", Raw::Text(format!("PRJ-{}", number % 5_000))),
        ("cost_centre", Raw::Text(format!("{}", 4_000 + number % 300))),
        ("city", text(["Hangzhou", "Nanjing", "Qingdao", "Chongqing"][(number % 4) as usize])),
        ("from", Raw::Text(format!("2025-05-{:02}", 1 + number % 15))),
        ("until", Raw::Text(format!("2025-05-{:02}", 16 + number % 12))),
        ("travellers", Raw::Number(format!("{}", 1 + number % 5))),
        ("abroad", Raw::Flag(number.is_multiple_of(7))),
    ]);
    document
}
