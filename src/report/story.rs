//! What a reader wants to know first, in sentences: HTML and Markdown say the same.

use super::acceptance::{client_words, integrity_words, witness};
use super::evidence::{ActionEvidence, Evidence, GapReason, SeriesEvidence, World};
use super::when::{clock, few, length, length_millis, secs_between, stamp};
use crate::model::action::ActionResult;
use crate::model::availability::{ClientPath, Integrity};
use crate::model::drill::{Drill, Passed};
use crate::model::operator::Actor;
use crate::model::outage::OutageSource;

/// More lines below an answer than this are no answer.
const LINES: usize = 8;

/// The five answers, each with what it says in short and what it rests on.
pub(super) struct Answer {
    pub(super) question: &'static str,
    pub(super) short: String,
    pub(super) more: Vec<String>,
    /// Whether it is good news; absent where it is neither.
    pub(super) is_good: Option<bool>,
}

/// `orders: db.t4g.small → db.m5.large`.
pub(super) fn title(evidence: &Evidence) -> String {
    match evidence.actions.as_slice() {
        [action] => what(action),
        actions => {
            let names: Vec<&str> = evidence.databases.iter().map(|database| database.database.as_str()).collect();
            format!("{}: {}", names.join(", "), count(actions.len(), "action"))
        }
    }
}

/// What the engine acted on, where that has to be said in large letters.
pub(super) fn warning(evidence: &Evidence) -> Option<&'static str> {
    match evidence.world {
        World::Aws => None,
        World::Simulation => Some("SIMULATION: nothing here happened on AWS"),
        World::Unknown => Some("UNKNOWN: the journal does not say what the engine acted on"),
    }
}

/// The first screen.
pub(super) fn answers(evidence: &Evidence) -> Vec<Answer> {
    let answers = [asked(evidence), happened(evidence), out(evidence), lost(evidence), whole(evidence)];
    answers.into_iter().map(|answer| Answer { more: few(answer.more, LINES), ..answer }).collect()
}

/// `orders: db.t4g.small → db.m5.large`, or which machine goes.
pub(super) fn what(action: &ActionEvidence) -> String {
    let intent = &action.intent;
    match &intent.removes {
        Some(removal) => format!("{}: delete {}", intent.database, removal.name),
        None => format!("{}: {} → {}", intent.database, intent.from, intent.to),
    }
}

/// Who ordered it, and why.
pub(super) fn why(action: &ActionEvidence) -> Vec<String> {
    if let Actor::Person { operator, reason } = &action.intent.actor {
        let passed = match action.passed_over.as_slice() {
            [] => String::new(),
            gates => format!("; passed over: {}", gates.join(", ")),
        };
        return vec![format!("ordered by {operator}: {reason}{passed}")];
    }
    let Some(ground) = &action.decision else { return vec!["by the engine".to_owned()] };
    let held = ground.decision.rules.iter().filter(|rule| rule.holds && Some(rule.direction) == action.direction);
    let rules = held.map(|rule| format!("by the engine: {} (it was in {})", rule.rule, rule.beyond));
    rules.collect()
}

/// How it ended, and after what time.
pub(super) fn end(action: &ActionEvidence) -> String {
    match &action.ended {
        None => format!("under way since {}", clock(action.at)),
        Some(end) => format!("{} after {}", end.result.words(), length(secs_between(action.at, end.at))),
    }
}

/// Whether it is what was wanted; absent while it is under way.
pub(super) fn is_verified(action: &ActionEvidence) -> Option<bool> {
    action.ended.as_ref().map(|end| end.result == ActionResult::Verified)
}

fn asked(evidence: &Evidence) -> Answer {
    let of = |action: &ActionEvidence| {
        let why = why(action);
        if evidence.actions.len() == 1 {
            why
        } else {
            why.iter().map(|why| format!("{}: {why}", what(action))).collect()
        }
    };
    let more: Vec<String> = evidence.actions.iter().flat_map(of).collect();
    let short = match evidence.actions.as_slice() {
        [] => "Nothing".to_owned(),
        [action] => action.intent.removes.as_ref().map_or_else(
            || format!("{} on {}", action.intent.database, action.intent.to),
            |removal| format!("Delete {}", removal.name),
        ),
        actions => {
            let persons = actions.iter().filter(|action| action.intent.actor != Actor::Engine).count();
            match actions.len() - persons {
                0 => format!("{persons} actions, by people"),
                engine if persons == 0 => format!("{engine} actions, by the engine"),
                engine => format!("{engine} by the engine, {persons} by people"),
            }
        }
    };
    Answer { question: "What was asked", short, more, is_good: None }
}

fn happened(evidence: &Evidence) -> Answer {
    let more = evidence.actions.iter().map(|action| {
        let name = &action.intent.action.0;
        format!("{name}, {} UTC, {}: {}", stamp(action.at), action.intent.strategy.as_str(), end(action))
    });
    let more = more.collect();
    let ends: Vec<Option<bool>> = evidence.actions.iter().map(is_verified).collect();
    let verified = ends.iter().filter(|end| **end == Some(true)).count();
    let (short, is_good) = match evidence.actions.as_slice() {
        [] => ("No action".to_owned(), None),
        [action] => {
            let words = match ends[0] {
                None => "Under way".to_owned(),
                Some(true) => "Done, and verified".to_owned(),
                Some(false) => "Not as asked".to_owned(),
            };
            (words, is_verified(action))
        }
        _ => {
            let good = if ends.contains(&Some(false)) { Some(false) } else { (verified == ends.len()).then_some(true) };
            (format!("{verified} of {} verified", ends.len()), good)
        }
    };
    Answer { question: "What happened", short, more, is_good }
}

/// How clients' seconds differ from those of the clock that everything is dated by; `None` where they do not.
pub(super) fn pace_words(drill: &Drill) -> Option<String> {
    let speed = drill.speed;
    let is_other = speed.is_finite() && (speed - 1.0).abs() > 1e-9;
    is_other.then(|| {
        format!(
            "The simulation ran {speed} times as fast as its clients: one of their seconds is {speed} s of these dates and of RDS's \
             figures. Rates, latencies and how long clients were out are in their own seconds."
        )
    })
}

fn out(evidence: &Evidence) -> Answer {
    let question = "How long clients were out";
    let told = evidence.actions.iter().filter_map(|action| Some((action, action.outage.as_ref()?)));
    let mut more: Vec<String> = told
        .clone()
        .map(|(action, told)| format!("{}: {}", action.intent.action.0, told.by.words(told.secs)))
        .collect();
    let canary = witness(evidence);
    if let Ok(seen) = canary {
        let paths = seen.paths.iter().filter(|path| path.path != ClientPath::OldWriter);
        let longest = paths.filter_map(|path| path.longest_outage()).map(|outage| outage.millis).max();
        let short =
            longest.map_or_else(|| "Not at all".to_owned(), |millis| format!("{} at most", length_millis(millis)));
        more.insert(0, format!("measured by clients, {}", client_words(seen)));
        more.extend(evidence.drill.as_ref().and_then(pace_words));
        return Answer { question, short, more, is_good: None };
    }
    more.extend(canary.err().map(|why| format!("clients' own figure: not measured, {why}")));
    let most = told.map(|(_, told)| (told.secs, told.by)).max_by_key(|(secs, _)| *secs);
    let at_most = |by| if by == OutageSource::Looks { "At most " } else { "" };
    let short = most.map_or_else(
        || "Not measured".to_owned(),
        |(secs, by)| format!("{}{} by AWS", at_most(by), length(i64::from(secs))),
    );
    Answer { question, short, more, is_good: None }
}

fn lost(evidence: &Evidence) -> Answer {
    let question = "Was anything lost";
    let not_measured = |why: String| ("Not measured".to_owned(), why, None);
    let (short, more, is_good) = match witness(evidence).map(|seen| &seen.integrity) {
        Err(why) => not_measured(why),
        Ok(None) => not_measured("the writer could not be asked afterwards".to_owned()),
        Ok(Some(seen)) if seen.acknowledged == 0 => not_measured(integrity_words(seen)),
        Ok(Some(seen)) => (lost_words(seen), integrity_words(seen), Some(seen.is_whole())),
    };
    Answer { question, short, more: vec![more], is_good }
}

fn lost_words(seen: &Integrity) -> String {
    match (seen.is_whole(), seen.lost) {
        (true, _) => "Nothing".to_owned(),
        (false, 0) => "Not whole".to_owned(),
        (false, lost) => count(lost as usize, "acknowledged write"),
    }
}

fn whole(evidence: &Evidence) -> Answer {
    let proof = &evidence.journal;
    let mut more = vec![
        format!("{} in {}", count(proof.records as usize, "record"), count(proof.segments, "file")),
        format!("head {}", proof.head),
    ];
    more.extend(proof.broken.clone());
    let mut armed: Vec<String> = Vec::new();
    for word in evidence.actions.iter().filter_map(|action| action.permission.as_ref()) {
        let by = word.by.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
        let words = format!("armed by {by} at {} UTC (#{}): {}", stamp(word.at), word.seq, word.why);
        if !armed.contains(&words) {
            armed.push(words);
        }
    }
    if armed.is_empty() {
        armed.push("the engine was not armed".to_owned());
    }
    more.extend(armed);
    let is_whole = proof.broken.is_none();
    let short = if is_whole { "Yes, every hash holds" } else { "NO, the journal is damaged" }.to_owned();
    Answer { question: "Is the evidence whole", short, more, is_good: Some(is_whole) }
}

/// Why parts of a plot are empty: each reason once, with how long it holds in sum.
pub(super) fn gap_words(series: &SeriesEvidence) -> Vec<String> {
    let reasons = [
        (GapReason::CountedOnly, "evaluations alike are counted there, and their datapoints not recorded"),
        (GapReason::AnotherMachine, "another machine had taken over, and its series begins anew"),
        (GapReason::NoDatapoint, "the evaluations of that time had no datapoint"),
        (GapReason::NoEngine, "no engine was running"),
    ];
    let of = |(reason, words)| {
        let gaps = series.gaps.iter().filter(|gap| gap.why == reason);
        let secs: i64 = gaps.map(|gap| secs_between(gap.from, gap.until)).sum();
        (secs > 0).then(|| format!("{}: {words}", length(secs)))
    };
    reasons.into_iter().filter_map(of).collect()
}

/// A sign for a result, for those who do not see colours.
pub(super) fn sign(passed: Passed) -> &'static str {
    match passed {
        Passed::Passed => "✔",
        Passed::Failed => "✘",
        Passed::NotMeasured => "–",
    }
}

/// `1 record`, `2 records`.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
