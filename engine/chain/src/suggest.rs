//! The nearest known name to one that is not known.

/// The mending sentence for an unknown name: the nearest known one, or what there is.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().take(2000).collect();
    let limit = (name.chars().count() / 3).max(1) + 1;
    let short = |k: &&&str| k.len().abs_diff(name.len()) <= limit;
    let near = known.iter().filter(short).map(|k| (strsim::osa_distance(name, k), *k));
    match near.min().filter(|(distance, _)| *distance <= limit) {
        Some((_, best)) => format!("did you mean `{best}`?"),
        None if known.is_empty() => "there is none yet; define it first".to_owned(),
        None => format!("known here: {}", listed(&known)),
    }
}

/// A few names for a sentence.
pub(crate) fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(12).map(|n| format!("`{n}`")).collect();
    let more = if names.len() > 12 { " ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}
