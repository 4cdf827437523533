//! IEEE 1849 XES: one trace a case.

use std::io::Write;

use countersign_core::command::CaseNo;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event};

use super::{MinedCase, MiningLog, Step, WriteError, case_id};

const EXTENSIONS: &[(&str, &str, &str)] = &[
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
    ("Organizational", "org", "http://www.xes-standard.org/org.xesext"),
];

/// Writes the log as XES.
///
/// # Errors
/// Where the output cannot be written to.
pub fn xes(log: &MiningLog, out: impl Write) -> Result<(), WriteError> {
    let mut writer = Writer::new_with_indent(out, b' ', 1);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let head =
        [("xes.version", "1849.2016"), ("xes.features", ""), ("xmlns", "http://www.xes-standard.org/")];
    writer.write_event(Event::Start(BytesStart::new("log").with_attributes(head)))?;
    for (name, prefix, uri) in EXTENSIONS {
        let attributes = [("name", *name), ("prefix", *prefix), ("uri", *uri)];
        writer.write_event(Event::Empty(BytesStart::new("extension").with_attributes(attributes)))?;
    }
    writer.write_event(Event::Empty(
        BytesStart::new("classifier").with_attributes([("name", "Activity"), ("keys", "concept:name")]),
    ))?;
    attribute(&mut writer, "string", "concept:name", &log.company)?;
    let mut steps: Vec<&Step> = log.steps.iter().collect();
    steps.sort_by_key(|step| (step.case, step.place));
    let mut rest = steps.as_slice();
    for (number, case) in &log.cases {
        let count = rest.iter().take_while(|step| step.case == *number).count();
        let (of_case, after) = rest.split_at(count);
        trace(&mut writer, *number, case, of_case)?;
        rest = after;
    }
    writer.write_event(Event::End(BytesEnd::new("log")))?;
    writer.get_mut().write_all(b"\n")
}

fn trace<W: Write>(
    writer: &mut Writer<W>,
    number: CaseNo,
    case: &MinedCase,
    steps: &[&Step],
) -> Result<(), WriteError> {
    writer.write_event(Event::Start(BytesStart::new("trace")))?;
    attribute(writer, "string", "concept:name", &case_id(number))?;
    attribute(writer, "string", "chain", &case.chain)?;
    attribute(writer, "string", "submitter", &case.submitter)?;
    attribute(writer, "string", "unit", &case.unit)?;
    optional(writer, "key", case.key.as_deref())?;
    optional(writer, "parent", case.parent.map(case_id).as_deref())?;
    if let Some((amount, currency)) = &case.amount {
        // A text: a float of XES would lose digits.
        attribute(writer, "string", "amount", amount)?;
        optional(writer, "currency", currency.as_deref())?;
    }
    for step in steps {
        writer.write_event(Event::Start(BytesStart::new("event")))?;
        attribute(writer, "string", "concept:name", &step.activity)?;
        attribute(writer, "string", "lifecycle:transition", step.lifecycle)?;
        attribute(writer, "date", "time:timestamp", &step.at.to_string())?;
        optional(writer, "org:resource", step.resource.as_deref())?;
        optional(writer, "org:role", step.role.as_deref())?;
        optional(writer, "outcome", step.outcome.as_deref())?;
        optional(writer, "case:other", step.other.map(case_id).as_deref())?;
        attribute(writer, "string", "event_id", &step.id())?;
        writer.write_event(Event::End(BytesEnd::new("event")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("trace")))
}

fn optional<W: Write>(writer: &mut Writer<W>, key: &str, value: Option<&str>) -> Result<(), WriteError> {
    match value {
        Some(value) => attribute(writer, "string", key, value),
        None => Ok(()),
    }
}

fn attribute<W: Write>(writer: &mut Writer<W>, kind: &str, key: &str, value: &str) -> Result<(), WriteError> {
    // XML has no control characters at all, not even escaped ones.
    let plain: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    writer.write_event(Event::Empty(
        BytesStart::new(kind).with_attributes([("key", key), ("value", plain.as_str())]),
    ))
}
