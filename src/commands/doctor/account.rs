//! Whose the credentials are, whether that is whom the configuration wants, and whether the clocks agree.

use std::time::Duration;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::{Check, Finding};
use crate::model::identity::Identity;
use crate::model::settings::AwsSettings;

/// For both calls together; the SDK tries a second time within it.
const LIMIT: Duration = Duration::from_secs(20);
/// From here on a person should know.
const SKEW_WARNS_SECS: f64 = 20.0;
/// From here on datapoints of two or three minutes ago are taken for stale, or for those of the future.
const SKEW_FAILS_SECS: f64 = 120.0;

/// What was asked about the caller.
pub(super) struct Asked {
    /// Who AWS says we are.
    pub(super) identity: Result<Identity, Failure>,
    /// How far AWS's clock is ahead.
    pub(super) ahead_secs: Option<f64>,
    /// Without one nobody was asked.
    pub(super) region_is_known: bool,
}

/// Asks AWS who we are, and what time it is.
pub(super) async fn ask(aws: &Aws, clock: &Clock) -> Asked {
    let limit = LIMIT.mul_f64(clock.speed());
    let (identity, ahead) =
        tokio::join!(clock.bounded(limit, aws.identity()), clock.bounded(limit, aws.clock_ahead_secs()));
    let late = || Err(Failure::late("GetCallerIdentity", LIMIT));
    let region_is_known = aws.region().is_some();
    Asked { identity: identity.unwrap_or_else(late), ahead_secs: ahead.flatten(), region_is_known }
}

/// Credentials, account and region. A built-in configuration pins none, and its account is a simulated one.
pub(super) fn judge(asked: &Asked, settings: &AwsSettings, is_builtin: bool) -> Vec<Finding> {
    let identity = match &asked.identity {
        Ok(identity) => identity,
        Err(failure) if failure.kind == FailureKind::WrongIdentity => {
            // Of another account they are credentials all the same.
            let credentials = if asked.region_is_known {
                Finding::ok(Check::Credentials, "AWS knows whose they are")
            } else {
                Finding::not_seen(Check::Credentials, "AWS was not asked: no region is known", "name the region first")
            };
            return vec![credentials, Finding::failed(Check::Account, failure)];
        }
        Err(failure) => {
            // Whatever the cause, nothing works without an answer to this.
            let failed = Finding::failed(Check::Credentials, failure);
            let credentials = Finding::fails(Check::Credentials, failed.seen, failed.remedy.unwrap_or_default());
            let account = "needs to know whose the credentials are";
            return vec![credentials, Finding::not_seen(Check::Account, account, "mend the credentials first")];
        }
    };
    let Identity { account, arn, region } = identity;
    let place = format!("{account} in {region}");
    let account = match (&settings.account_id, &settings.region) {
        _ if is_builtin => Finding::ok(Check::Account, format!("{place}, simulated")),
        (Some(_), Some(_)) => Finding::ok(Check::Account, format!("{place}, both as pinned")),
        (Some(_), None) => {
            let remedy = format!("region = \"{region}\" under [aws]: another machine may have another default");
            Finding::warning(Check::Account, format!("{place}; the region is not pinned"), remedy)
        }
        (None, _) => {
            let remedy = format!("account_id = \"{account}\" under [aws]: other credentials then change nothing");
            Finding::warning(Check::Account, format!("{place}; the account is not pinned"), remedy)
        }
    };
    vec![Finding::ok(Check::Credentials, arn.clone()), account]
}

/// What the difference of the clocks means.
pub(super) fn clock_skew(ahead_secs: Option<f64>) -> Finding {
    const REMEDY: &str = "let this machine take its time from NTP (chrony, systemd-timesyncd)";
    let Some(ahead) = ahead_secs else {
        return Finding::not_seen(Check::ClockSkew, "no answer with a date came", "mend what keeps AWS from answering");
    };
    let side = if ahead > 0.0 { "behind" } else { "ahead of" };
    let seen = format!("this machine is {:.0} s {side} AWS", ahead.abs());
    match ahead.abs() {
        secs if secs >= SKEW_FAILS_SECS => Finding::fails(Check::ClockSkew, seen, REMEDY),
        secs if secs >= SKEW_WARNS_SECS => Finding::warning(Check::ClockSkew, seen, REMEDY),
        secs if secs < 2.0 => Finding::ok(Check::ClockSkew, "within 2 s of AWS"),
        _ => Finding::ok(Check::ClockSkew, seen),
    }
}

/// Why nothing else can be asked of AWS; `None` where it can.
pub(super) fn why_not(identity: &Result<Identity, Failure>) -> Option<&'static str> {
    Some(match identity.as_ref().err()?.kind {
        FailureKind::WrongIdentity => "the account and region are not those that are meant",
        FailureKind::NoCredentials => "there are no credentials that AWS accepts",
        FailureKind::Network => "AWS cannot be reached",
        // It may refuse this one call, and answer others.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Verdict;

    #[test]
    fn a_clock_is_judged_by_what_the_engine_can_do_with_it() {
        for (ahead, verdict, seen) in [
            (Some(0.4), Verdict::Ok, "within 2 s of AWS"),
            (Some(-7.6), Verdict::Ok, "this machine is 8 s ahead of AWS"),
            (Some(45.0), Verdict::Warning, "this machine is 45 s behind AWS"),
            (Some(-150.0), Verdict::Fails, "this machine is 150 s ahead of AWS"),
            (None, Verdict::NotSeen, "no answer with a date came"),
        ] {
            let finding = clock_skew(ahead);
            assert_eq!((finding.verdict, finding.seen.as_str()), (verdict, seen));
        }
    }
}
