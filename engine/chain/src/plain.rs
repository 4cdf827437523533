//! Unquoted scalars that readers of YAML disagree on, and expressions that a comma has cut.

use crate::codes;

type Problem = (&'static str, String, String);

/// What is wrong with an unquoted scalar, with its mending sentence.
pub(crate) fn problem(text: &str) -> Option<Problem> {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "" | "~" | "null") {
        let message =
            if text.is_empty() { "nothing stands here".to_owned() } else { format!("`{text}` is no value") };
        return Some((codes::YAML_NULL, message, "write the value, or take the key away".to_owned()));
    }
    if matches!(lower.as_str(), "yes" | "no" | "on" | "off" | "y" | "n")
        || (matches!(lower.as_str(), "true" | "false") && text != lower)
    {
        let message = format!("some readers of YAML take `{text}` for true or false");
        let help = "write true or false for a flag; give a key or a name another word";
        return Some((codes::YAML_BOOLEAN, message, help.to_owned()));
    }
    if is_date(text) {
        return Some((
            codes::YAML_DATE,
            format!("a bare date, {text}"),
            format!("put it in quotes: \"{text}\""),
        ));
    }
    if is_time(text) {
        let message = format!("some readers of YAML take {text} for a number of minutes or seconds");
        return Some((codes::YAML_TIME, message, format!("put it in quotes: \"{text}\"")));
    }
    is_odd_number(&lower).then(|| {
        let message = format!("readers of YAML disagree on the number {text}");
        let help =
            "write plain digits and at most one point, such as 1000 or 0.5; put it in quotes if it is a text";
        (codes::YAML_NUMBER, message, help.to_owned())
    })
}

fn is_date(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() >= 8
        && b[..4].iter().all(u8::is_ascii_digit)
        && b[4] == b'-'
        && b[5].is_ascii_digit()
        && text[5..].trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('-').is_some_and(|day| {
            day.as_bytes().first().is_some_and(u8::is_ascii_digit)
                && !day.contains(|c: char| c.is_ascii_lowercase())
        })
}

fn is_time(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    parts.len() > 1
        && parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

fn is_odd_number(lower: &str) -> bool {
    let body = lower.strip_prefix(['-', '+']).unwrap_or(lower);
    let signed = lower.starts_with('+');
    let b = body.as_bytes();
    if matches!(body, ".inf" | ".nan") {
        return true;
    }
    let leading_point = body.strip_prefix('.').is_some_and(digits);
    if leading_point || !b.first().is_some_and(u8::is_ascii_digit) {
        return leading_point;
    }
    if signed && b.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return true;
    }
    if ["0x", "0o", "0b"]
        .iter()
        .any(|p| body.strip_prefix(p).is_some_and(|r| r.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_')))
    {
        return true;
    }
    let whole = body.split('.').next().unwrap_or(body);
    let zeros = whole.len() > 1 && whole.starts_with('0') && digits(whole);
    let grouped = b.iter().any(|b| matches!(b, b',' | b'_'))
        && b.iter().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'_' | b'.'));
    let exponent = body.split_once('e').is_some_and(|(m, e)| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        digits(e) && m.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    let bare_point = body.strip_suffix('.').is_some_and(digits);
    zeros || grouped || exponent || bare_point
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether the parentheses of a text close one another; quoted ones do not count.
pub(crate) fn balanced(text: &str) -> bool {
    let mut open = 0i32;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => open += 1,
            (None, ')') => open -= 1,
            _ => {}
        }
        if open < 0 {
            return false;
        }
    }
    open == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_odd_spellings_are_refused() {
        for (text, code) in [
            ("18:00", codes::YAML_TIME),
            ("1:20:30", codes::YAML_TIME),
            ("2025-05-01", codes::YAML_DATE),
            ("2025-5-1", codes::YAML_DATE),
            ("2025-05-01T10:00:00Z", codes::YAML_DATE),
            ("0123", codes::YAML_NUMBER),
            ("1_000", codes::YAML_NUMBER),
            ("1,000", codes::YAML_NUMBER),
            ("1,000.50", codes::YAML_NUMBER),
            ("1e3", codes::YAML_NUMBER),
            ("1.5E-3", codes::YAML_NUMBER),
            ("0x1F", codes::YAML_NUMBER),
            (".5", codes::YAML_NUMBER),
            ("+5", codes::YAML_NUMBER),
            ("5.", codes::YAML_NUMBER),
            (".inf", codes::YAML_NUMBER),
            ("~", codes::YAML_NULL),
            ("Null", codes::YAML_NULL),
            ("", codes::YAML_NULL),
            ("yes", codes::YAML_BOOLEAN),
            ("On", codes::YAML_BOOLEAN),
            ("TRUE", codes::YAML_BOOLEAN),
        ] {
            assert_eq!(problem(text).map(|p| p.0), Some(code), "{text}");
        }
        for text in [
            "0",
            "-1",
            "0.5",
            "10.00",
            "15%",
            "8wh",
            "true",
            "CU-JS-001",
            "a:b",
            "2025",
            "3rd",
            "1.2.3",
            "2025-Q1",
            "0%",
            "bgm@js",
            "note",
            "2025-05",
        ] {
            assert_eq!(problem(text), None, "{text}");
        }
    }

    #[test]
    fn parentheses_balance() {
        assert!(balanced("sum(a, b) + (c)"));
        assert!(balanced("x == \"(\""));
        assert!(!balanced("sum(a"));
        assert!(!balanced("b)"));
    }
}
