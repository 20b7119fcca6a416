//! Widgets that ratatui does not have.

mod time_axis;
pub(super) mod time_chart;
