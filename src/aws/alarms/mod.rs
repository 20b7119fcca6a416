//! Alarms of CloudWatch. Reads are retried by the SDK; each change is one call with one attempt: what became of one whose
//! answer was lost is seen by looking.

mod change;
mod history;
mod read;
mod seen;
