//! `countersign serve --limits FILE`: how often, how much and how many at a time each system may ask.
//!
//! ```yaml
//! each: { requests_per_second: 200, burst: 400, request_bytes: 262144, under_way: 64 }
//! systems:
//!   crm: { requests_per_second: 1000 }        # what is not said is as for each
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use countersign_messages::Token;
use countersign_server::{RequestLimits, SystemLimits};
use serde::Deserialize;

use crate::exit::Failure;

/// The largest rate and burst that mean something.
const RATE_MAX: u32 = 1_000_000;
/// The most bytes of a message: what the engine takes at all.
const BYTES_MAX: usize = 1 << 20;
/// The most requests under way: what the service takes at all.
const UNDER_WAY_MAX: u32 = 1_024;
/// Systems that a file may name, and its own size.
const SYSTEMS_MAX: usize = 1_000;
const FILE_MAX: usize = 1 << 20;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    each: Given,
    #[serde(default)]
    systems: BTreeMap<Token, Given>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    requests_per_second: Option<u32>,
    burst: Option<u32>,
    request_bytes: Option<usize>,
    under_way: Option<u32>,
}

/// Reads a file of limits.
pub(super) fn read(file: &Path) -> Result<RequestLimits, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!("expected a readable file of limits: {error}")).at(file.display().to_string())
    })?;
    parsed(&text)
        .map_err(|(place, message)| Failure::new("LIMITS", message).at(format!("{}{place}", file.display())))
}

/// The place within the file, and what was expected there.
type Wrong = (String, String);

fn parsed(text: &str) -> Result<RequestLimits, Wrong> {
    if text.len() > FILE_MAX {
        return Err((String::new(), format!("expected at most {FILE_MAX} bytes, found {}", text.len())));
    }
    let file: File = serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map(|at| format!(":{}:{}", at.line(), at.column())).unwrap_or_default();
        let sentence = error.without_snippet().to_string();
        (place, sentence.lines().next().unwrap_or_default().to_owned())
    })?;
    if file.systems.len() > SYSTEMS_MAX {
        return Err((", systems".into(), format!("expected at most {SYSTEMS_MAX} systems")));
    }
    let each = file.each.over(SystemLimits::default(), "each")?;
    let own = file.systems.into_iter().map(|(name, given)| {
        let limits = given.over(each, &format!("systems.{name}"))?;
        Ok((name.to_string(), limits))
    });
    Ok(RequestLimits { systems: own.collect::<Result<_, Wrong>>()?, each })
}

impl Given {
    /// What is given, over what holds otherwise.
    fn over(&self, usual: SystemLimits, place: &str) -> Result<SystemLimits, Wrong> {
        let within = |field: &str, given: Option<u32>, usual: u32, most: u32| match given {
            Some(given) if given == 0 || given > most => Err((
                format!(", {place}.{field}"),
                format!("expected a number from 1 to {most}, found {given}"),
            )),
            given => Ok(given.unwrap_or(usual)),
        };
        let rate =
            within("requests_per_second", self.requests_per_second, usual.requests_per_second, RATE_MAX)?;
        // A burst that nobody named follows the rate: two seconds' worth is saved at most.
        let follows = match self.requests_per_second {
            Some(rate) => rate.saturating_mul(2).min(usual.burst),
            None => usual.burst,
        };
        let bytes = self.request_bytes.unwrap_or(usual.request_bytes_max);
        if bytes == 0 || bytes > BYTES_MAX {
            let message = format!("expected a number from 1 to {BYTES_MAX}, found {bytes}");
            return Err((format!(", {place}.request_bytes"), message));
        }
        Ok(SystemLimits {
            requests_per_second: rate,
            burst: within("burst", self.burst, follows, RATE_MAX)?,
            request_bytes_max: bytes,
            under_way_max: within("under_way", self.under_way, usual.under_way_max, UNDER_WAY_MAX)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_system_is_not_given_is_as_for_each_and_what_each_is_not_is_usual() {
        let text =
            "each: { requests_per_second: 50, under_way: 9 }\nsystems: { crm: { request_bytes: 4096 } }\n";
        let limits = parsed(text).expect("limits");
        let each =
            SystemLimits { requests_per_second: 50, burst: 100, under_way_max: 9, ..Default::default() };
        assert_eq!(limits.each, each);
        assert_eq!(limits.systems["crm"], SystemLimits { request_bytes_max: 4096, ..each });
        assert_eq!(parsed("{}").expect("nothing said"), RequestLimits::default());
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_place() {
        for (text, place) in [
            ("each: { requests_per_second: 0 }", ", each.requests_per_second"),
            ("systems: { crm: { under_way: 5000 } }", ", systems.crm.under_way"),
            ("systems: { crm: { request_bytes: 2000000 } }", ", systems.crm.request_bytes"),
            ("each: {}\nsystem: {}", ":2:1"),
        ] {
            let (found, message) = parsed(text).expect_err(text);
            assert_eq!(found, place, "{text}: {message}");
        }
        assert!(parsed("systems: { CRM!: {} }").is_err());
    }
}
