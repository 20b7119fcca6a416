//! Widgets that ratatui does not have.

pub(super) mod time_chart;
