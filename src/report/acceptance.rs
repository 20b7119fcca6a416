//! What is claimed, and whether the evidence shows it. What nobody measured is said to be so, and never passes.

use jiff::SignedDuration;

use super::evidence::{ActionEvidence, CallKnown, Evidence, MomentKind, OutageEvidence};
use super::when::{few, length, length_millis, number, secs_between};
use crate::model::action::ActionResult;
use crate::model::alarm::AlarmState;
use crate::model::availability::{Availability, ClientPath, Integrity};
use crate::model::decision::RuleResult;
use crate::model::drill::{AcceptanceRow, Passed, claim};
use crate::model::ladder::Direction;
use crate::model::operator::Actor;
use crate::model::outage::OutageSource;

/// How many figures of a kind are told.
const FEW: usize = 6;

/// What a claim rests on: whether it was shown, the figure, and who says so.
type Shown = (Passed, String, String);

/// The drill's rows, and those of the report for what the drill does not claim.
pub(super) fn acceptance(evidence: &Evidence) -> Vec<AcceptanceRow> {
    let own = [
        (claim::JOURNAL, journal(evidence)),
        (claim::POLICY, policy(evidence)),
        (claim::ALARM, alarm(evidence)),
        (claim::LOAD, load(evidence)),
        (claim::DECISION, decision(evidence)),
        (claim::REACTION, reaction(evidence)),
        (claim::UP, verified(evidence, Direction::Up)),
        (claim::DOWN, verified(evidence, Direction::Down)),
        (claim::OUTAGE, outage(evidence)),
        (claim::CLIENTS, clients(evidence)),
        (claim::WRITES, writes(evidence)),
        (claim::REQUESTS, requests(evidence)),
    ];
    let drilled = evidence.drill.as_ref().map_or(&[][..], |drill| &drill.acceptance);
    let is_new = |claim: &str| drilled.iter().all(|row| row.claim != claim);
    let own = own
        .into_iter()
        .filter(|(claim, _)| is_new(claim))
        .map(|(claim, (passed, figure, source))| AcceptanceRow { claim: claim.to_owned(), passed, figure, source });
    drilled.iter().cloned().chain(own).collect()
}

fn not_measured(why: &str) -> Shown {
    (Passed::NotMeasured, why.to_owned(), "–".to_owned())
}

fn journal(evidence: &Evidence) -> Shown {
    let proof = &evidence.journal;
    let figure = match &proof.broken {
        None => format!("{} records hold", proof.records),
        Some(why) => format!("{} records hold, then: {why}", proof.records),
    };
    (Passed::of(proof.broken.is_none()), figure, "hashes, checked for this report".to_owned())
}

fn policy(evidence: &Evidence) -> Shown {
    let digests = |of: fn(&ActionEvidence) -> bool| {
        let grounds =
            evidence.actions.iter().filter(move |action| of(action)).filter_map(|action| action.decision.as_ref());
        grounds.map(|ground| (ground.decision.policy_digest.clone(), ground.seq)).collect::<Vec<_>>()
    };
    match digests(|_| true).as_slice() {
        [] => {
            let seen: Vec<&str> =
                evidence.databases.iter().flat_map(|database| &database.policies).map(String::as_str).collect();
            if seen.is_empty() {
                return not_measured("no evaluation in this time");
            }
            (Passed::Passed, format!("digest {}", seen.join(", ")), "evaluations".to_owned())
        }
        used => {
            let mut names: Vec<&str> = used.iter().map(|(digest, _)| digest.as_str()).collect();
            names.dedup();
            (Passed::Passed, format!("digest {}", names.join(", ")), records(used.iter().map(|(_, seq)| *seq)))
        }
    }
}

/// By a drill's own alarm, else by those that the journal has.
fn alarm(evidence: &Evidence) -> Shown {
    let of_drill = evidence.drill.as_ref().map_or(&[][..], |drill| &drill.alarms);
    let recorded: Vec<_> = evidence.timeline.iter().filter(|moment| moment.kind == MomentKind::Alarm).collect();
    if of_drill.is_empty() && recorded.is_empty() {
        return not_measured("no alarm is on record; [alarms] has the engine read them, and a drill collects its own");
    }
    let is_alarm = |state: &str| state == AlarmState::Alarm.as_str();
    if let Some(change) = of_drill.iter().find(|change| is_alarm(&change.state)) {
        let figure = format!("{} at {:.0}", change.alarm, change.at);
        return (Passed::Passed, figure, "CloudWatch's alarm history".to_owned());
    }
    let in_alarm = format!(" is {}: ", AlarmState::Alarm);
    match recorded.iter().find(|moment| moment.words.contains(&in_alarm)) {
        Some(moment) => {
            let (name, _) = moment.words.split_once(&in_alarm).unwrap_or_default();
            (Passed::Passed, format!("{name} at {:.0}", moment.at), records(moment.seq.into_iter()))
        }
        None => (Passed::Failed, "no alarm went to ALARM".to_owned(), "CloudWatch's alarm history".to_owned()),
    }
}

/// By the evaluation that a step up rests on: how far the signal was beyond the threshold.
fn load(evidence: &Evidence) -> Shown {
    let ground = |action: &ActionEvidence| {
        let decision = action.decision.as_ref()?;
        let rule = holding(action)?;
        let values = decision.decision.datapoints.iter().filter(|used| used.signal == rule.rule.signal);
        let highest = values.map(|used| used.value).max_by(f64::total_cmp)?;
        let figure = format!("{} {}, threshold {}", rule.rule.signal, number(highest), number(rule.rule.threshold));
        Some((rule.rule.comparison.holds(highest, rule.rule.threshold), figure, decision.seq))
    };
    let ups = ups(evidence).collect::<Vec<_>>();
    let Some(first) = ups.first() else { return not_measured("no step up in this report") };
    let grounds: Vec<_> = ups.iter().filter_map(|action| ground(action)).collect();
    if grounds.is_empty() {
        let by_person = matches!(first.intent.actor, Actor::Person { .. });
        return not_measured(if by_person { "a person ordered the step up" } else { "no datapoints on record" });
    }
    let figures = few(grounds.iter().map(|(_, figure, _)| figure.clone()).collect(), FEW);
    let all = grounds.iter().all(|(is_beyond, ..)| *is_beyond);
    (Passed::of(all), figures.join("; "), records(grounds.iter().map(|(.., seq)| *seq)))
}

fn decision(evidence: &Evidence) -> Shown {
    let moves: Vec<&ActionEvidence> = evidence.actions.iter().filter(|action| action.direction.is_some()).collect();
    if moves.is_empty() {
        return not_measured("no change of class in this report");
    }
    let persons = moves.iter().filter(|action| matches!(action.intent.actor, Actor::Person { .. })).count();
    if persons > 0 {
        return not_measured(&format!("{persons} of {} ordered by a person", moves.len()));
    }
    let grounds: Vec<_> = moves.iter().filter_map(|action| action.decision.as_ref()).collect();
    let open = grounds.iter().filter(|ground| ground.decision.closed_gates().next().is_none()).count();
    let figure = format!("{open} of {} with their reasons on record and every gate open", moves.len());
    (Passed::of(open == moves.len()), figure, records(grounds.iter().map(|ground| ground.seq)))
}

/// From the end of the first of the newest periods beyond the threshold to the first call of a step up.
fn reaction(evidence: &Evidence) -> Shown {
    let of = |action: &ActionEvidence| {
        let (decision, call, rule) = (action.decision.as_ref()?, action.calls.first()?, holding(action)?);
        let used = decision.decision.datapoints.iter().filter(|used| used.signal == rule.rule.signal);
        let newest = used.rev().take(rule.rule.periods as usize);
        let is_beyond = |value: f64| rule.rule.comparison.holds(value, rule.rule.threshold);
        let first = newest.filter(|used| is_beyond(used.value)).map(|used| used.age_secs).max()?;
        let began = decision.at.saturating_sub(SignedDuration::from_secs(first)).ok()?;
        Some((secs_between(began, call.sent_at), call.seq))
    };
    let times: Vec<(i64, u64)> = ups(evidence).filter_map(of).collect();
    if times.is_empty() {
        return not_measured("no step up by a rule and with a call in this report");
    }
    let words: Vec<String> = times.iter().map(|(secs, _)| length(*secs)).collect();
    let words = few(words, FEW).join(", ");
    let figure = format!("{words} from the first period beyond the threshold to the first call");
    (Passed::Passed, figure, records(times.iter().map(|(_, seq)| *seq)))
}

fn verified(evidence: &Evidence, direction: Direction) -> Shown {
    let moves: Vec<&ActionEvidence> =
        evidence.actions.iter().filter(|action| action.direction == Some(direction)).collect();
    if moves.is_empty() {
        return not_measured(&format!("no step {} in this report", direction.word()));
    }
    let ended: Vec<_> = moves.iter().filter_map(|action| Some((*action, action.ended.as_ref()?))).collect();
    let source = records(ended.iter().map(|(_, end)| end.seq));
    if let Some((action, end)) = ended.iter().find(|(_, end)| end.result != ActionResult::Verified) {
        return (Passed::Failed, format!("{}: {}", action.intent.action.0, end.result.words()), source);
    }
    if ended.len() < moves.len() {
        return not_measured("under way");
    }
    let took = ended.iter().map(|(action, end)| {
        format!("{}: {} after {}", action.intent.action.0, action.intent.to, length(secs_between(action.at, end.at)))
    });
    (Passed::Passed, few(took.collect(), FEW).join("; "), source)
}

/// Of every verified change of class. One that changed nothing took nobody the database.
fn outage(evidence: &Evidence) -> Shown {
    let verified = evidence.actions.iter().filter(|action| action.direction.is_some());
    let verified: Vec<_> = verified.filter_map(|action| Some((action, action.ended.as_ref()?))).collect();
    let verified: Vec<_> = verified.into_iter().filter(|(_, end)| end.result == ActionResult::Verified).collect();
    if verified.is_empty() {
        return not_measured("no verified change of class in this report");
    }
    let words = |(action, _): &(&ActionEvidence, _)| match &action.outage {
        Some(outage) => format!("{}: {}", action.intent.action.0, outage.by.words(outage.secs)),
        None => format!("{}: nobody tells it", action.intent.action.0),
    };
    let figure = few(verified.iter().map(words).collect(), FEW).join("; ");
    let by_rds = |outage: OutageEvidence| outage.by == OutageSource::Rds;
    if verified.iter().all(|(action, _)| action.outage.is_some_and(by_rds)) {
        return (Passed::Passed, figure, records(verified.iter().map(|(_, end)| end.seq)));
    }
    not_measured(&figure)
}

fn clients(evidence: &Evidence) -> Shown {
    match witness(evidence) {
        Err(why) => not_measured(&why),
        Ok(seen) => (Passed::Passed, client_words(seen), "canary".to_owned()),
    }
}

/// What clients saw, if they looked on all the while: from the first call of each change of class to its end.
///
/// # Errors
/// Why there is no such witness.
pub(super) fn witness(evidence: &Evidence) -> Result<&Availability, String> {
    let Some((drill, seen)) = evidence.drill.as_ref().and_then(|drill| Some((drill, drill.availability.as_ref()?)))
    else {
        return Err("no canary ran".to_owned());
    };
    let writes = seen.paths.iter().filter(|path| matches!(path.path, ClientPath::Persistent | ClientPath::Fresh));
    if writes.map(|path| path.acknowledged).sum::<u64>() == 0 {
        return Err("the canary had no write acknowledged".to_owned());
    }
    for action in evidence.actions.iter().filter(|action| action.direction.is_some()) {
        let (id, database) = (&action.intent.action.0, &action.intent.database);
        let Some(first) = action.calls.first() else { continue };
        if *database != drill.database {
            return Err(format!("the canary watched {}, and {id} is of {database}", drill.database));
        }
        let until = action.ended.as_ref().map_or(evidence.until, |end| end.at);
        if first.sent_at < seen.from || until > seen.until {
            return Err(format!("the canary did not run through all of {id}"));
        }
    }
    Ok(seen)
}

/// The longest outage of each way to the database that is meant to stay open, with its own bound: a way that is tried more
/// rarely while all is well may have been out before it was noticed.
pub(super) fn client_words(seen: &Availability) -> String {
    let paths = seen.paths.iter().filter(|path| path.path != ClientPath::OldWriter);
    let words = paths.map(|path| {
        let longest = path.longest_outage().map_or_else(
            || "none".to_owned(),
            |outage| format!("{} (+ {} ms at most)", length_millis(outage.millis), outage.error_millis),
        );
        let more = path.outages.len().saturating_sub(1);
        let more = if more == 0 { String::new() } else { format!(" and {more} shorter") };
        format!("{}: {longest}{more}", path.path.words())
    });
    words.collect::<Vec<_>>().join("; ")
}

fn writes(evidence: &Evidence) -> Shown {
    let seen = match witness(evidence) {
        Err(why) => return not_measured(&why),
        Ok(seen) => seen,
    };
    let Some(integrity) = &seen.integrity else { return not_measured("the writer could not be asked") };
    let words = integrity_words(integrity);
    if integrity.acknowledged == 0 {
        return not_measured(&words);
    }
    (Passed::of(integrity.is_whole()), words, "canary, asked of the writer".to_owned())
}

/// `0 of 14908 lost, 0 phantom, 0 twice, 0 by two writers`.
pub(super) fn integrity_words(seen: &Integrity) -> String {
    let Integrity { acknowledged, lost, phantom, duplicated, split_brain, .. } = seen;
    format!("{lost} of {acknowledged} lost, {phantom} phantom, {duplicated} twice, {split_brain} by two writers")
}

fn requests(evidence: &Evidence) -> Shown {
    let calls: Vec<_> = evidence.actions.iter().flat_map(|action| &action.calls).collect();
    let count = |known: CallKnown| calls.iter().filter(|call| call.outcome == known).count();
    let (taken, lost) = (count(CallKnown::Accepted), count(CallKnown::Adopted) + count(CallKnown::Unknown));
    if taken + lost == 0 {
        return not_measured("AWS took no call");
    }
    let with_id = calls.iter().filter(|call| call.outcome == CallKnown::Accepted && call.request_id.is_some()).count();
    if lost > 0 {
        return not_measured(&format!("{with_id} of {}; {lost} answers were lost", taken + lost));
    }
    let figure = format!("{with_id} of {taken}");
    (Passed::of(with_id == taken), figure, records(calls.iter().map(|call| call.seq)))
}

fn ups(evidence: &Evidence) -> impl Iterator<Item = &ActionEvidence> {
    evidence.actions.iter().filter(|action| action.direction == Some(Direction::Up))
}

/// The first rule of its direction that held.
fn holding(action: &ActionEvidence) -> Option<&RuleResult> {
    let rules = &action.decision.as_ref()?.decision.rules;
    rules.iter().find(|result| result.holds && Some(result.direction) == action.direction)
}

/// `journal #10, #11`.
fn records(seqs: impl Iterator<Item = u64>) -> String {
    format!("journal {}", few(seqs.map(|seq| format!("#{seq}")).collect(), FEW).join(", "))
}
