//! Tables in which Chinese and English stand in line.

use crate::output::{Output, Tone, plain};

/// Rows in columns: each as wide as its widest text, two spaces between them.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(heads: &[&str]) -> Table {
        Table { rows: vec![heads.iter().map(|head| (*head).to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| plain(&cell)).collect());
    }

    /// The lines, heads first.
    pub(crate) fn lines(&self, output: &Output) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let of =
            |column: usize| self.rows.iter().filter_map(move |row| row.get(column)).map(|cell| width(cell));
        let widths: Vec<usize> = (0..columns).map(|column| of(column).max().unwrap_or_default()).collect();
        let line = |row: &Vec<String>| {
            let cells =
                row.iter().zip(&widths).map(|(cell, wide)| format!("{cell}{}", blank(*wide - width(cell))));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut lines: Vec<String> = self.rows.iter().map(line).collect();
        if let Some(heads) = lines.first_mut() {
            *heads = output.paint(Tone::Bold, heads);
        }
        lines
    }
}

fn blank(count: usize) -> String {
    " ".repeat(count)
}

/// Columns that a text takes in a terminal: two for an East Asian wide character.
pub(crate) fn width(text: &str) -> usize {
    let wide = |c: char| {
        matches!(c as u32, 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd)
    };
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Lang;

    #[test]
    fn columns_are_as_wide_as_their_widest_text() {
        let mut table = Table::new(&["WHO", "WHAT"]);
        table.row(["江苏".to_owned(), "x".to_owned()]);
        table.row(["a".to_owned(), "yy".to_owned()]);
        let output = Output { json: false, lang: Lang::En, colour: false };
        assert_eq!(table.lines(&output), ["WHO   WHAT", "江苏  x", "a     yy"]);
    }
}
