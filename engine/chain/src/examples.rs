//! For each code the smallest text of the tests that triggers it, and the nearest that does not.
//!
//! `examples.txt` is written by the tests from the mistakes that they try, and they fail where it differs: an example that
//! does not do what it shows cannot stand here.

/// A mistake and its nearest valid neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The file in which it stands.
    pub file: String,
    /// What triggers the code.
    pub wrong: String,
    /// What does not.
    pub right: String,
}

const ALL: &str = include_str!("examples.txt");

/// The example of a code of `check`.
pub fn example(code: &str) -> Option<Example> {
    let mut parts = ALL.split("\n## ").map(|part| part.trim_start_matches("## "));
    let part = parts.find(|part| part.lines().next() == Some(code))?;
    let mut found = Example { file: String::new(), wrong: String::new(), right: String::new() };
    for line in part.lines().skip(1) {
        let (text, line) = match (line.strip_prefix("- "), line.strip_prefix("+ ")) {
            (Some(line), _) => (&mut found.wrong, line),
            (_, Some(line)) => (&mut found.right, line),
            _ if found.file.is_empty() => {
                line.clone_into(&mut found.file);
                continue;
            }
            _ => continue,
        };
        text.push_str(line);
        text.push('\n');
    }
    Some(found)
}

/// An example as it stands in the file of all of them.
pub fn written(code: &str, file: &str, wrong: &str, right: &str) -> String {
    let lines = |mark: &str, text: &str| -> String {
        text.lines().map(|line| format!("{mark} {}", line.trim_end())).map(|line| line + "\n").collect()
    };
    format!("## {code}\n{file}\n{}{}\n", lines("-", wrong), lines("+", right))
}
