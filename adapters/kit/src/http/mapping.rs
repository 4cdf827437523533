//! Moving fields from one object to another, by paths: `with.lines`, `registration.number`.

use serde_json::{Map, Value, json};

use crate::work::Work;

/// What the paths of a request may begin with.
pub(super) const ROOTS: [&str; 7] =
    ["with", "document", "undoes", "command_id", "case", "step", "correlation"];

/// What the paths of a request are about: `with`, `document`, `undoes.command_id`, `undoes.done`, `command_id` ...
pub(super) fn context(work: &Work) -> Value {
    let command = &work.command;
    json!({
        "with": command.with,
        "document": command.document,
        "undoes": command.undoes,
        "command_id": command.command_id,
        "case": command.case,
        "step": command.step,
        "correlation": command.correlation,
    })
}

/// The body where no mapping says another: the fields of `with`; of an undo also what the undone command had come to,
/// and its id in `undoes`.
pub(super) fn plain(work: &Work) -> Value {
    let mut body = Map::new();
    if let Some(undoes) = &work.command.undoes {
        body.extend(undoes.done.0.clone());
        body.insert("undoes".to_owned(), json!(undoes.command_id));
    }
    body.extend(work.command.with.0.clone());
    Value::Object(body)
}

/// The value at a path, which is names divided by points.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, name| value.get(name)).filter(|value| !value.is_null())
}

/// The value at a path as text: of a text or a number.
pub(super) fn text_at(value: &Value, path: &str) -> Option<String> {
    match at(value, path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The list of objects at a path.
pub(super) fn objects_at(value: &Value, path: &str) -> Option<Vec<Map<String, Value>>> {
    at(value, path)?.as_array()?.iter().map(|item| item.as_object().cloned()).collect()
}

/// An object made by a mapping: a text is a path, `=text` is that text, a number or truth is itself, an object is made
/// the same way. What is not there is left out.
pub(super) fn mapped(mapping: &Value, context: &Value) -> Value {
    match mapping {
        Value::Object(members) => {
            let members = members.iter().filter_map(|(name, of)| match (of, mapped(of, context)) {
                (Value::String(_), Value::Null) => None,
                (_, value) => Some((name.clone(), value)),
            });
            Value::Object(members.collect())
        }
        Value::String(path) => match path.strip_prefix('=') {
            Some(literal) => Value::String(literal.to_owned()),
            None => at(context, path).cloned().unwrap_or(Value::Null),
        },
        other => other.clone(),
    }
}

/// A path template with `{path}` filled in, each value encoded so that it stays one segment.
pub(super) fn expanded(template: &str, context: &Value) -> Result<String, String> {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            return Err(format!("expected a closing brace in {template}"));
        };
        let value =
            text_at(context, name).ok_or_else(|| format!("expected {name} for the path {template}"))?;
        path.push_str(before);
        path.push_str(&encoded(&value));
        rest = behind;
    }
    path.push_str(rest);
    Ok(path)
}

/// The names in braces.
pub(super) fn names(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name))
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b':') {
            encoded.push(char::from(byte));
        } else if byte == b'.' && !matches!(text, "." | "..") {
            encoded.push('.');
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_made_by_paths() {
        let context = json!({ "with": { "a": { "b": 1 }, "n": null }, "case": "C-1" });
        let mapping = json!({ "x": "with.a.b", "y": { "z": "case", "k": "=CNY" }, "gone": "with.n", "no": "with.q", "t": true });
        let expected = json!({ "x": 1, "y": { "z": "C-1", "k": "CNY" }, "t": true });
        assert_eq!(mapped(&mapping, &context), expected);
    }

    #[test]
    fn a_value_stays_one_segment_of_the_path() {
        let rows = [
            ("HT-1", "/contracts/HT-1/void"),
            ("a/../b", "/contracts/a%2F..%2Fb/void"),
            ("..", "/contracts/%2E%2E/void"),
            ("x?y=1#z", "/contracts/x%3Fy%3D1%23z/void"),
            ("合同", "/contracts/%E5%90%88%E5%90%8C/void"),
        ];
        for (value, expected) in rows {
            let context = json!({ "with": { "no": value } });
            assert_eq!(expanded("/contracts/{with.no}/void", &context).as_deref(), Ok(expected));
        }
        assert!(expanded("/contracts/{with.other}", &json!({})).is_err());
        assert_eq!(names("/a/{with.no}/{case}").collect::<Vec<_>>(), ["with.no", "case"]);
    }
}
