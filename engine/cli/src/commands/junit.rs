//! `countersign test --junit FILE`: what became of each case, as continuous integration reads it.

use std::io;
use std::path::Path;
use std::time::Duration;

use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::Writer;

use crate::exit::Failure;
use crate::output::plain;

/// A file of cases.
pub(crate) struct Suite {
    /// Its path.
    pub(crate) file: String,
    pub(crate) cases: Vec<Told>,
}

/// What became of a case.
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) chain: String,
    pub(crate) line: u32,
    pub(crate) took: Duration,
    /// Where it does not hold: why, and the story.
    pub(crate) failed: Option<(String, String)>,
}

/// Writes the file: suites by file of cases, and the mistakes in the rules as errors of a suite of their own.
pub(crate) fn write(path: &Path, suites: &[Suite], mistakes: &[String]) -> Result<(), Failure> {
    let written = text(suites, mistakes).and_then(|text| std::fs::write(path, text));
    written.map_err(|error| {
        Failure::new("NOT_WRITTEN", format!("expected to write {}: {error}", path.display()))
    })
}

fn text(suites: &[Suite], mistakes: &[String]) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let cases = || suites.iter().flat_map(|suite| &suite.cases);
    let (tests, failures) = (cases().count(), failures(cases()));
    let time = seconds(cases().map(|case| case.took).sum());
    writer
        .create_element("testsuites")
        .with_attribute(("name", "countersign"))
        .with_attribute(("tests", (tests + mistakes.len()).to_string().as_str()))
        .with_attribute(("failures", failures.to_string().as_str()))
        .with_attribute(("errors", mistakes.len().to_string().as_str()))
        .with_attribute(("time", time.as_str()))
        .write_inner_content(|writer| {
            suites.iter().try_for_each(|one| suite(writer, one))?;
            if mistakes.is_empty() { Ok(()) } else { of_mistakes(writer, mistakes) }
        })?;
    let mut text = writer.into_inner();
    text.push(b'\n');
    Ok(text)
}

fn failures<'a>(cases: impl Iterator<Item = &'a Told>) -> usize {
    cases.filter(|case| case.failed.is_some()).count()
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

fn suite(writer: &mut Writer<Vec<u8>>, suite: &Suite) -> io::Result<()> {
    let time = seconds(suite.cases.iter().map(|case| case.took).sum());
    writer
        .create_element("testsuite")
        .with_attribute(("name", suite.file.as_str()))
        .with_attribute(("tests", suite.cases.len().to_string().as_str()))
        .with_attribute(("failures", failures(suite.cases.iter()).to_string().as_str()))
        .with_attribute(("time", time.as_str()))
        .write_inner_content(|writer| suite.cases.iter().try_for_each(|told| case(writer, suite, told)))?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, suite: &Suite, told: &Told) -> io::Result<()> {
    let element = writer
        .create_element("testcase")
        .with_attribute(("classname", told.chain.as_str()))
        .with_attribute(("name", plain(&told.name).as_str()))
        .with_attribute(("file", suite.file.as_str()))
        .with_attribute(("line", told.line.to_string().as_str()))
        .with_attribute(("time", seconds(told.took).as_str()));
    match &told.failed {
        None => element.write_empty()?,
        Some((why, story)) => element.write_inner_content(|writer| {
            let failure = writer.create_element("failure").with_attribute(("message", why.as_str()));
            failure.write_text_content(BytesText::new(story))?;
            Ok(())
        })?,
    };
    Ok(())
}

fn of_mistakes(writer: &mut Writer<Vec<u8>>, mistakes: &[String]) -> io::Result<()> {
    writer
        .create_element("testsuite")
        .with_attribute(("name", "rules"))
        .with_attribute(("tests", mistakes.len().to_string().as_str()))
        .with_attribute(("errors", mistakes.len().to_string().as_str()))
        .write_inner_content(|writer| {
            mistakes.iter().try_for_each(|mistake| {
                let element = writer.create_element("testcase").with_attribute(("classname", "rules"));
                element.with_attribute(("name", mistake.as_str())).write_inner_content(|writer| {
                    writer
                        .create_element("error")
                        .with_attribute(("message", mistake.as_str()))
                        .write_empty()?;
                    Ok(())
                })?;
                Ok(())
            })
        })?;
    Ok(())
}
