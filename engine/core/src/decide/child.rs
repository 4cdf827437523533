//! Cases that cases start: run, start, join.
