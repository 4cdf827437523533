//! Pictures as Mermaid, which many editors and forges draw.

use super::{Graph, Kind};

/// A `stateDiagram-v2`.
pub(crate) fn mermaid(graph: &Graph) -> String {
    let mut out = format!("---\ntitle: {}\n---\nstateDiagram-v2\n", quoted(&graph.title));
    for one in graph.boxes.iter().filter(|one| one.kind != Kind::Start) {
        let work = if one.work.is_empty() { String::new() } else { format!("<br/>{}", text(&one.work)) };
        out.push_str(&format!("    state \"{}{work}\" as {}\n", text(&one.name), one.id));
    }
    for arrow in &graph.arrows {
        let (Some(from), Some(to)) = (graph.boxes.get(arrow.from), graph.boxes.get(arrow.to)) else {
            continue;
        };
        let from = if from.kind == Kind::Start { "[*]" } else { &from.id };
        let label = if arrow.label.is_empty() { String::new() } else { format!(" : {}", text(&arrow.label)) };
        out.push_str(&format!("    {from} --> {}{label}\n", to.id));
    }
    for one in graph.boxes.iter().filter(|one| matches!(one.kind, Kind::Good | Kind::Bad)) {
        out.push_str(&format!("    {} --> [*]\n", one.id));
    }
    out.push_str(
        "    classDef good fill:#d9f2d9,stroke:#2e7d32\n    classDef bad fill:#f8d7da,stroke:#b02a37\n",
    );
    out.push_str("    classDef people fill:#fff3cd,stroke:#997404\n");
    for (kind, class) in [(Kind::Good, "good"), (Kind::Bad, "bad"), (Kind::People, "people")] {
        let ids: Vec<&str> = graph.boxes.iter().filter(|one| one.kind == kind).map(|one| &*one.id).collect();
        if !ids.is_empty() {
            out.push_str(&format!("    class {} {class}\n", ids.join(",")));
        }
    }
    out
}

/// A text within a label: what Mermaid would read as its own is written as it must be.
fn text(text: &str) -> String {
    let one = |c: char| match c {
        '"' => "#quot;".to_owned(),
        '#' => "#35;".to_owned(),
        ';' => "#59;".to_owned(),
        ':' => "#58;".to_owned(),
        '<' => "#lt;".to_owned(),
        '>' => "#gt;".to_owned(),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}

/// A text as a value of the front matter, which is YAML.
fn quoted(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}
