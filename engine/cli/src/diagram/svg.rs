//! Pictures as SVG. Where boxes stand and arrows run is the layout crate's work.

use layout::backends::svg::SVGWriter;
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow as Edge, Element, ShapeKind};
use layout::topo::layout::VisualGraph;

use super::{Box, Graph, Kind};

const FONT: usize = 14;

/// The picture, top to bottom.
pub(crate) fn svg(graph: &Graph) -> String {
    let mut drawn = VisualGraph::new(Orientation::TopToBottom);
    let handles: Vec<_> = graph.boxes.iter().map(|one| drawn.add_node(element(one))).collect();
    for arrow in &graph.arrows {
        if let (Some(from), Some(to)) = (handles.get(arrow.from), handles.get(arrow.to)) {
            drawn.add_edge(Edge::simple(&arrow.label), *from, *to);
        }
    }
    let mut writer = SVGWriter::new();
    drawn.do_it(false, false, false, &mut writer);
    titled(&writer.finalize(), &graph.title)
}

fn element(one: &Box) -> Element {
    let text = match (one.kind, one.work.is_empty()) {
        (Kind::Start, _) | (_, true) => one.name.clone(),
        _ => format!("{}\n{}", one.name, one.work),
    };
    let widest = text.lines().map(width).max().unwrap_or(1);
    let lines = text.lines().count();
    // The crate measures texts by their characters; wide ones need room of their own.
    let size = Point::new((widest * FONT) as f64 * 0.6 + 24.0, (lines * FONT) as f64 * 1.3 + 16.0);
    let fill = match one.kind {
        Kind::Start | Kind::Built => 0xeeee_eeff,
        Kind::State => 0xffff_ffff,
        Kind::People => 0xfff3_cdff,
        Kind::Good => 0xd9f2_d9ff,
        Kind::Bad => 0xf8d7_daff,
    };
    let shape = match one.kind {
        Kind::Start | Kind::Good | Kind::Bad => ShapeKind::new_circle(&text),
        _ => ShapeKind::new_box(&text),
    };
    let style = StyleAttr::new(Color::new(0x3333_33ff), 1, Some(Color::new(fill)), 6, FONT);
    Element::create(shape, style, Orientation::TopToBottom, size)
}

/// Columns that a text takes: two for East Asian wide characters.
fn width(text: &str) -> usize {
    let letters = |c: u32| matches!(c, 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff);
    let signs = |c: u32| matches!(c, 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6);
    let wide = |c: char| letters(c as u32) || signs(c as u32);
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

/// The title where screen readers and browsers look for it.
fn titled(svg: &str, title: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    match svg.find("<svg").and_then(|at| svg[at..].find('>').map(|end| at + end + 1)) {
        Some(end) => format!("{}\n<title>{title}</title>{}", &svg[..end], &svg[end..]),
        None => svg.to_owned(),
    }
}
