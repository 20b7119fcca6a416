//! Findings: what was looked at to tell whether the product works in a place, what came of it, why it matters, and what to
//! do. Plain data; who looks and how it is shown is decided elsewhere.

use serde::Serialize;

use super::database::DatabaseName;
use super::failure::{Failure, FailureKind};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// AWS says whose the credentials are.
    Credentials,
    /// They are of the account and region that the configuration wants.
    Account,
    /// This machine's clock against that of AWS.
    ClockSkew,
    /// One call that the engine makes to see.
    Permission,
    /// One call that the engine would make to change something.
    PermittedToAct,
    /// RDS knows the database.
    Database,
    /// The class that it has is one of its ladder.
    ClassOnLadder,
    /// AWS offers the classes of its ladder.
    TargetsOrderable,
    /// Nothing of the database itself stands in the way of a change.
    NothingInTheWay,
    /// CloudWatch has what the rules are about, and it is fresh.
    Metrics,
    /// Performance Insights counts for the signals that are read from it.
    PerformanceInsights,
    /// The alarms at CloudWatch are those of the policy.
    Alarms,
    /// Application Auto Scaling keeps the readers of a cluster as configured, and can.
    Readers,
    /// The table of the lease answers, and says no less than the journal.
    Lease,
    /// The program that tells people is there.
    Notify,
    /// The server can be reached as its clients reach it.
    Postgres,
    /// The admin console of the pooler answers, and a pause would be possible.
    Pooler,
    /// The state directory takes records, and how long one takes to be durable.
    Journal,
    /// What the console can show here.
    Terminal,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, but not as well as it could, or not for ever.
    Warning,
    /// It could not be looked at; nothing is known of it.
    NotSeen,
    /// It does not work like this.
    Fails,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub check: Check,
    /// Of which database; absent where it is about all of them.
    pub of: Option<DatabaseName>,
    /// What came of it.
    pub verdict: Verdict,
    /// What was seen, clean.
    pub seen: String,
    /// What to do; absent where there is nothing to do.
    pub remedy: Option<String>,
}

impl Check {
    /// Its name on the screen.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// Why it matters.
    pub fn why(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Credentials => ("credentials", "nothing at AWS is seen or changed without them"),
            Self::Account => ("account and region", "the same name can be another database in another account"),
            Self::ClockSkew => {
                ("clock skew", "AWS refuses requests dated 5 min off, and ages of data are told by this clock")
            }
            Self::Permission => ("permissions", "what the engine may not see it does not act on"),
            Self::PermittedToAct => ("permitted to act", "an action that is refused half way leaves machines behind"),
            Self::Database => ("database found", "what RDS does not show cannot be watched or moved"),
            Self::ClassOnLadder => ("class on ladder", "from a class off the ladder the engine does nothing by itself"),
            Self::TargetsOrderable => ("targets orderable", "a class that AWS does not offer here cannot be moved to"),
            Self::NothingInTheWay => ("nothing in the way", "AWS would refuse the change, or do more than was asked"),
            Self::Metrics => ("metrics flowing", "the rules are about these series, and stale ones stop the engine"),
            Self::PerformanceInsights => {
                ("performance insights", "signals by DB_PERF_INSIGHTS have no datapoints while it is off")
            }
            Self::Alarms => ("alarms in sync", "AWS's own alarms witness what the engine sees"),
            Self::Readers => {
                ("readers in sync", "Application Auto Scaling adds readers by what is registered there alone")
            }
            Self::Lease => ("lease table", "without an answer of it the engine observes, and changes nothing"),
            Self::Notify => ("people told", "an action that nobody hears of is noticed by its effect alone"),
            Self::Postgres => {
                ("postgres reachable", "a change is verified by a session, and long transactions are seen")
            }
            Self::Pooler => {
                ("pooler reachable", "without a pause nothing takes over: clients would lose their sessions")
            }
            Self::Journal => ("journal writable", "no call is sent without its record being durable first"),
            Self::Terminal => ("terminal", "the console draws what the terminal can show"),
        }
    }
}

impl Verdict {
    /// Its word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::NotSeen => "not seen",
            Self::Fails => "FAILS",
        }
    }
}

impl Finding {
    /// As it should be.
    pub fn ok(check: Check, seen: impl Into<String>) -> Self {
        Self { check, of: None, verdict: Verdict::Ok, seen: seen.into(), remedy: None }
    }

    /// Not as good as it could be.
    pub fn warning(check: Check, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, remedy: Some(remedy.into()), ..Self::ok(check, seen) }
    }

    /// It does not work like this.
    pub fn fails(check: Check, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fails, remedy: Some(remedy.into()), ..Self::ok(check, seen) }
    }

    /// It could not be looked at; `seen` says why.
    pub fn not_seen(check: Check, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::NotSeen, remedy: Some(remedy.into()), ..Self::ok(check, seen) }
    }

    /// Of a read that failed. Where another attempt may bring an answer, nothing is known of what was asked.
    pub fn failed(check: Check, failure: &Failure) -> Self {
        let (seen, remedy) = parts(&failure.sentence);
        match failure.kind {
            FailureKind::Throttled | FailureKind::Network | FailureKind::Service => Self::not_seen(check, seen, remedy),
            FailureKind::WrongIdentity
            | FailureKind::NoCredentials
            | FailureKind::AccessDenied
            | FailureKind::NotFound
            | FailureKind::Rejected => Self::fails(check, seen, remedy),
        }
    }

    /// It fails, in words of others which may end in what to do; `usual` where they do not.
    pub fn told(check: Check, words: &str, usual: &str) -> Self {
        match words
            .rsplit_once(": ")
            .filter(|(seen, remedy)| usual.is_empty() && !seen.is_empty() && !remedy.is_empty())
        {
            Some((seen, remedy)) => Self::fails(check, seen, remedy),
            None => {
                Self { remedy: Some(usual.to_owned()).filter(|it| !it.is_empty()), ..Self::fails(check, words, "") }
            }
        }
    }

    /// The same, of one database.
    pub fn of(self, database: &DatabaseName) -> Self {
        Self { of: Some(database.clone()), ..self }
    }
}

/// A failure's sentence is `what: why; what to do (what the other side said)`, or `what and why: what to do`. Nobody tries
/// again here.
fn parts(sentence: &str) -> (String, String) {
    let (seen, remedy) = sentence.split_once("; ").or_else(|| sentence.rsplit_once(": ")).unwrap_or((sentence, ""));
    let remedy = remedy.replace("trying again at the next look", "look again").replace("trying again", "look again");
    let remedy = if remedy.is_empty() { "look again".to_owned() } else { remedy };
    (seen.to_owned(), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_read_is_told_with_its_remedy() {
        let failure = |kind, sentence: &str| Failure {
            kind,
            operation: "DescribeEvents".to_owned(),
            sentence: sentence.to_owned(),
            request_id: None,
        };
        let denied = failure(
            FailureKind::AccessDenied,
            "DescribeEvents: not permitted; add rds:DescribeEvents to the role (AWS: User is not authorized)",
        );
        let finding = Finding::failed(Check::Permission, &denied);
        assert_eq!(
            (finding.verdict, finding.seen.as_str(), finding.remedy.as_deref()),
            (
                Verdict::Fails,
                "DescribeEvents: not permitted",
                Some("add rds:DescribeEvents to the role (AWS: User is not authorized)")
            )
        );
        let throttled = "DescribeEvents: AWS asks for fewer calls; trying again at the next look";
        let finding = Finding::failed(Check::Permission, &failure(FailureKind::Throttled, throttled));
        assert_eq!((finding.verdict, finding.remedy.as_deref()), (Verdict::NotSeen, Some("look again")));
        let wrong = "the credentials belong to account 1, the configuration wants 2: use others";
        let finding = Finding::failed(Check::Account, &failure(FailureKind::WrongIdentity, wrong));
        assert_eq!(finding.seen, "the credentials belong to account 1, the configuration wants 2");
    }
}
