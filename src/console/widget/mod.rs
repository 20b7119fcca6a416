//! Drawing that knows nothing of databases: points in, cells out.

pub(crate) mod time_chart;
