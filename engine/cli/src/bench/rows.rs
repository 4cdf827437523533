//! Rows: a figure beside its bare limit of the same run and the bar that it is held to.

use serde::Serialize;

/// Which side of its bar a figure must be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum At {
    /// At least the bar.
    Least,
    /// At most the bar.
    Most,
}

/// A bar.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Bar {
    pub(crate) at: At,
    pub(crate) value: f64,
}

/// One row of what is to be reached.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// Its name, for programs.
    pub(crate) row: &'static str,
    /// Its name, for people.
    pub(crate) title: String,
    /// What was measured.
    pub(crate) figure: f64,
    /// Of what.
    pub(crate) unit: &'static str,
    /// What the machine gave in the same run to a program that does no more than it must, in the same unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<f64>,
    /// What that program does.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) limit_is: &'static str,
    /// figure / limit, where the bar is about that: the median of the rounds, each against its own limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
    /// None: no bar, the figure is told beside the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bar: Option<Bar>,
    /// Whether the bar is met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met: Option<bool>,
}

impl Row {
    /// A figure that has no bar.
    pub(super) fn new(
        row: &'static str,
        title: impl Into<String>,
        (figure, unit): (f64, &'static str),
    ) -> Row {
        let title = title.into();
        Row { row, title, figure, unit, limit: None, limit_is: "", ratio: None, bar: None, met: None }
    }

    /// Beside a bare limit, for comparison.
    pub(super) fn beside(self, limit: f64, limit_is: &'static str) -> Row {
        Row { limit: Some(limit), limit_is, ..self }
    }

    /// Held against a bare limit: the bar is about the ratio.
    pub(super) fn against(self, (limit, limit_is): (f64, &'static str), ratio: f64) -> Row {
        Row { ratio: Some(ratio), ..self.beside(limit, limit_is) }
    }

    /// Met at this or more.
    pub(super) fn at_least(self, value: f64) -> Row {
        self.held(Bar { at: At::Least, value })
    }

    /// Met at this or less.
    pub(super) fn at_most(self, value: f64) -> Row {
        self.held(Bar { at: At::Most, value })
    }

    fn held(self, bar: Bar) -> Row {
        let held = self.ratio.unwrap_or(self.figure);
        let met = match bar.at {
            At::Least => held >= bar.value,
            At::Most => held <= bar.value,
        };
        Row { bar: Some(bar), met: Some(met), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_about_the_ratio_where_there_is_one() {
        let row = |figure| Row::new("x", "x", (figure, "/s"));
        assert_eq!(row(5.0).at_least(4.0).met, Some(true));
        assert_eq!(row(5.0).at_most(4.0).met, Some(false));
        assert_eq!(row(5.0).against((10.0, "bare"), 0.5).at_least(0.6).met, Some(false));
        assert_eq!(row(5.0).beside(10.0, "bare").at_least(4.0).met, Some(true));
        assert_eq!(row(5.0).met, None);
    }
}
