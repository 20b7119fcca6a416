//! `upshift report`: what is reported, and to where.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Place;

/// Which part of the journal, in which form.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The last action that changes a class, under way or over; the default
    #[arg(long, conflicts_with_all = ["action", "from", "to"])]
    pub last: bool,
    /// One action, such as a3
    #[arg(long, value_name = "ID", conflicts_with_all = ["from", "to"])]
    pub action: Option<String>,
    /// Everything from then, such as 2026-01-05T08:00 in UTC [default: the first record]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<Timestamp>,
    /// And until then [default: the last record]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Timestamp>,
    /// What a drill measured, a JSON file; without --last, --action, --from or --to the time and database of the drill
    #[arg(long, value_name = "FILE")]
    pub drill: Option<PathBuf>,
    /// The form
    #[arg(long, value_name = "FORM", default_value = "html")]
    pub format: ReportFormat,
    /// Where to; - is stdout [default: upshift-report-… in the working directory]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Writes over a file that is there
    #[arg(long)]
    pub force: bool,
    /// Which journal.
    #[command(flatten)]
    pub place: Place,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// One file with plots; nothing is loaded from anywhere.
    Html,
    /// Markdown, without plots.
    Md,
    /// The evidence as data.
    Json,
}

impl ReportFormat {
    /// What the name of a file ends with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Md => "md",
            Self::Json => "json",
        }
    }
}

/// With an offset, or a date with or without a time in UTC.
fn moment(text: &str) -> Result<Timestamp, String> {
    let utc = || TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    let wrong =
        || "must be a moment, such as 2026-01-05, 2026-01-05T08:00 (both UTC) or 2026-01-05T08:00:00Z".to_owned();
    text.parse().ok().or_else(utc).ok_or_else(wrong)
}
