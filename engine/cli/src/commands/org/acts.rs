//! A file of acts, as the messages have them.

use std::path::Path;

use countersign_chain::{SourceFile, acts};
use countersign_core::command::OrgAct;
use countersign_core::definition::Delegation;
use countersign_core::name::Name as CoreName;
use countersign_core::time::Timestamp as CoreTimestamp;
use countersign_messages::{Decimal, Delegate, Name, OrganisationAct, Timestamp};

use super::Acts;
use crate::commands::check;
use crate::exit::{Failure, form};
use crate::output::Output;

/// Reads a file of acts; what is wrong with it is shown by file, line and column.
pub(super) fn read(output: &Output, path: &Path) -> Result<Acts, Failure> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new("NOT_READABLE", format!("expected a file of acts: {error}")).at(shown.clone())
    })?;
    let file = SourceFile { path: shown, text };
    let (read, found) = acts::read(&file);
    match read {
        Some(read) => read.iter().map(wire).collect(),
        None if output.json => {
            output.object(&serde_json::json!({ "findings": found }))?;
            Err(Failure::told())
        }
        None => {
            check::print(output, Path::new(""), &[file], &found)?;
            Err(Failure::told())
        }
    }
}

fn wire(act: &OrgAct) -> Result<OrganisationAct, Failure> {
    Ok(match act {
        OrgAct::Hire { person, position } => {
            OrganisationAct::Hire { person: name(person)?, position: name(position)? }
        }
        OrgAct::Leave { person } => OrganisationAct::Leave { person: name(person)? },
        OrgAct::Move { person, from, to } => OrganisationAct::Move {
            person: name(person)?,
            from: from.as_ref().map(name).transpose()?,
            to: name(to)?,
        },
        OrgAct::Vacate { position, person } => OrganisationAct::Vacate {
            position: name(position)?,
            person: person.as_ref().map(name).transpose()?,
        },
        OrgAct::Act { position, acting: None } => {
            OrganisationAct::End { delegation: None, acting: Some(name(position)?) }
        }
        OrgAct::Act { position, acting: Some(acting) } => OrganisationAct::Act {
            position: name(position)?,
            by: name(&acting.by)?,
            limit: Some(decimal(&acting.share)?),
            since: acting.since.map(time).transpose()?,
            until: time(acting.until)?,
        },
        OrgAct::Delegate { name: of, delegation } => OrganisationAct::Delegate(delegate(of, delegation)?),
        OrgAct::EndDelegation { name: of } => {
            OrganisationAct::End { delegation: Some(name(of)?), acting: None }
        }
    })
}

fn delegate(of: &CoreName, d: &Delegation) -> Result<Delegate, Failure> {
    let names = |of: &[CoreName]| of.iter().map(name).collect::<Result<Vec<_>, _>>();
    let duty = |duty: &countersign_core::definition::Duty| Name::new(duty.word()).map_err(form("duties"));
    Ok(Delegate {
        name: name(of)?,
        from: name(&d.from)?,
        to: name(&d.to)?,
        authority: names(&d.authority)?,
        up_to: decimal(&d.up_to)?,
        start: time(d.start)?,
        end: time(d.end)?,
        chains: names(&d.chains)?,
        duties: d.duties.iter().map(duty).collect::<Result<Vec<_>, _>>()?,
    })
}

fn name(of: &CoreName) -> Result<Name, Failure> {
    Name::new(of.as_str()).map_err(form("FILE"))
}

fn decimal(of: &impl ToString) -> Result<Decimal, Failure> {
    Decimal::new(of.to_string()).map_err(form("FILE"))
}

fn time(of: CoreTimestamp) -> Result<Timestamp, Failure> {
    Timestamp::new(of.to_string()).map_err(form("FILE"))
}
