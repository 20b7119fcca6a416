//! Forgeries: what becomes of an answer between the world and a client.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::Fault;
use super::credentials::CREDENTIALS;
use super::refusal::plain;
use crate::sim::rng::Rng;
use crate::sim::wire::tree::{Map, Value};
use crate::sim::wire::{Request, Response, cbor};
use crate::swarm::oracle::served::{self, member};
use crate::swarm::plan::Switch;
use crate::swarm::plan::draw::ACCOUNT;

/// What describes a database.
pub(in crate::swarm) const DESCRIBES: [&str; 2] = ["DescribeDBInstances", "DescribeDBClusters"];

/// Which operations a fault can strike.
pub(in crate::swarm) fn touches(fault: Fault, action: &str) -> bool {
    match fault {
        // Whoever is asked for credentials is no service, and has its own way to fail.
        _ if action == CREDENTIALS => fault == Fault::A11ExpiredToken,
        Fault::A5Stale => DESCRIBES.contains(&action),
        Fault::A9OddAnswer | Fault::R3Broken | Fault::M6OtherMachine => action == "DescribeDBInstances",
        Fault::A8EndlessPages => DESCRIBES.contains(&action) || action == "DescribeEvents",
        Fault::A15OtherAccount => action == "GetCallerIdentity",
        Fault::R1NoCapacity => matches!(action, "ModifyDBInstance" | "CreateDBInstance" | "ModifyDBCluster"),
        Fault::I24HostileText => action == "DescribeEvents",
        // AWS says nothing of it.
        Fault::R7OldEndpoint => false,
        Fault::M3Impossible | Fault::M4SilentZero => action == "GetMetricData",
        _ => true,
    }
}

/// What a fault makes of an answer; those that need more than the answer itself leave it as it is.
pub(in crate::swarm) fn forge(fault: Fault, rng: &mut Rng, request: &Request, mut response: Response) -> Response {
    match fault {
        Fault::A4Garbage => return garbage(rng, response),
        Fault::A9OddAnswer => return odd(rng, response),
        Fault::M3Impossible => return impossible(rng, request, response),
        Fault::M4SilentZero => return silent(request, response),
        Fault::A8EndlessPages => edit(&mut response, |text| {
            let (name, _) = text.split_once("Result>").unwrap_or(("", ""));
            let close = format!("</{}Result>", name.rsplit('<').next().unwrap_or_default());
            text.replacen(&close, &format!("<Marker>again</Marker>{close}"), 1)
        }),
        Fault::A15OtherAccount => edit(&mut response, |text| text.replace(ACCOUNT, "999999999999")),
        Fault::R3Broken => {
            edit(&mut response, |text| replace_field(text, "DBInstanceStatus", "incompatible-parameters"));
        }
        Fault::M6OtherMachine => edit(&mut response, |text| replace_field(text, "DbiResourceId", "db-OTHERMACHINE")),
        Fault::I24HostileText => {
            let hostile = HOSTILE[(rng.draw() % HOSTILE.len() as u64) as usize];
            edit(&mut response, |text| text.replace("DB instance", hostile));
        }
        _ => {}
    }
    response
}

/// The `DbiResourceId` that all names show after somebody else's switchover.
pub(in crate::swarm) const OTHER_MACHINE: &str = "db-SWITCHEDOVER";

/// Words of RDS with something in them that must not reach a person as it is.
const HOSTILE: [&str; 4] = [
    "DB\u{202e}\u{9b}31m instance\u{200b}",
    "DB\u{ad} instance\u{2028}\u{feff}\u{e0041}",
    "DB instance\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{61c}DB\u{2060} instance\u{2067}\u{3164}",
];

/// What a broken proxy makes of an answer.
fn garbage(rng: &mut Rng, mut response: Response) -> Response {
    const PAGE: &str = "<html><body>502 Bad Gateway</body></html>";
    let kind = rng.draw() % 5;
    match kind {
        0 => {
            let half = response.body.len() / 2;
            response.body.truncate(half);
            response
        }
        1 => plain(StatusCode::OK, PAGE),
        2 => plain(StatusCode::FORBIDDEN, PAGE),
        3 => plain(StatusCode::OK, ""),
        _ => {
            response.body = vec![b'x'; 64 * 1024].into();
            response
        }
    }
}

/// What no version of the documentation promised.
fn odd(rng: &mut Rng, mut response: Response) -> Response {
    let kind = rng.draw() % 5;
    edit(&mut response, |text| match kind {
        0 => replace_field(text, "DBInstanceClass", ""),
        1 => replace_field(text, "DBInstanceStatus", "refurbishing"),
        2 => replace_field(text, "DbiResourceId", ""),
        3 => replace_field(text, "DBInstanceStatus", ""),
        _ => match text.split_once("<DBInstance>").and_then(|(_, rest)| rest.split_once("</DBInstance>")) {
            Some((one, _)) => {
                text.replacen("</DBInstances>", &format!("<DBInstance>{one}</DBInstance></DBInstances>"), 1)
            }
            None => text.to_owned(),
        },
    });
    response
}

/// What the names show after a switchover.
pub(in crate::swarm) fn show_switched(response: &mut Response, to: Switch) {
    match to {
        Switch::Back => {}
        Switch::Machine => edit(response, |text| replace_field(text, "DbiResourceId", OTHER_MACHINE)),
        Switch::Class => {
            let tag = |class: &str| format!("<DBInstanceClass>{class}</DBInstanceClass>");
            edit(response, |text| {
                let marked =
                    text.replace(&tag("db.t4g.small"), "\u{1}").replace(&tag("db.m5.large"), &tag("db.t4g.small"));
                marked.replace('\u{1}', &tag("db.m5.large"))
            });
        }
    }
}

/// Datapoints that cannot be: impossible values here and there, texts for numbers, another unit, each point twice and
/// once revised, the order of time broken, or an answer that says of itself that it is not whole.
fn impossible(rng: &mut Rng, request: &Request, mut response: Response) -> Response {
    let value = match rng.draw() % 9 {
        0 => Value::Double(f64::NAN),
        1 => Value::Double(-1.0),
        2 => Value::Double(f64::INFINITY),
        3 => Value::Double(1e308),
        4 => Value::Text("12".to_owned()),
        5 => {
            edit_points(&mut response, |points| {
                *points = points.iter().flat_map(|point| [point.clone(), revised(point)]).collect();
            });
            return response;
        }
        6 => {
            edit_points(&mut response, |points| points.sort_by_cached_key(|_| rng.draw()));
            return response;
        }
        7 => return in_another_unit(request, response),
        _ => {
            edit_results(&mut response, |_, result| {
                result.insert("StatusCode".to_owned(), Value::Text("PartialData".to_owned()));
            });
            edit_points(&mut response, |points| points.truncate(points.len() / 2));
            return response;
        }
    };
    edit_values(&mut response, |_, old| {
        if rng.draw().is_multiple_of(4) {
            *old = value.clone();
        }
    });
    response
}

/// The newest minutes were published in another unit, in which a second's writes are an hour's. As CloudWatch does it,
/// whoever names the unit that it wants gets nothing of them, and whoever does not gets numbers that mean something else.
fn in_another_unit(request: &Request, mut response: Response) -> Response {
    const PER_HOUR: f64 = 3_600.0;
    let named = served::queries_with_unit(request);
    edit_results(&mut response, |id, result| {
        let names_it = named.contains(id);
        edit_points_of(result, |points| {
            let newest = points.len().saturating_sub(5);
            if names_it {
                points.truncate(newest);
            }
            for (_, value) in points.iter_mut().skip(newest) {
                if let Value::Double(number) = value {
                    *number *= PER_HOUR;
                }
            }
        });
    });
    response
}

/// The same minute once more, corrected by a little.
fn revised((at, value): &(Value, Value)) -> (Value, Value) {
    let value = if let Value::Double(number) = value { Value::Double(number * 1.02) } else { value.clone() };
    (at.clone(), value)
}

/// Zeros where there were writes.
fn silent(request: &Request, mut response: Response) -> Response {
    let writes = served::queries_for(request, &["WriteIOPS"]);
    edit_values(&mut response, |id, value| {
        if writes.contains_key(id) {
            *value = Value::Double(0.0);
        }
    });
    response
}

/// Every value of an answer of `GetMetricData`, with the id of its query.
fn edit_values(response: &mut Response, mut change: impl FnMut(&str, &mut Value)) {
    edit_results(response, |id, result| {
        if let Some(Value::List(values)) = result.get_mut("Values") {
            for value in values {
                change(id, value);
            }
        }
    });
}

/// The datapoints of every result: when, and how much.
fn edit_points(response: &mut Response, mut change: impl FnMut(&mut Vec<(Value, Value)>)) {
    edit_results(response, |_, result| edit_points_of(result, &mut change));
}

fn edit_points_of(result: &mut Map, change: impl FnOnce(&mut Vec<(Value, Value)>)) {
    let list = |name: &str| match result.get(name) {
        Some(Value::List(list)) => list.clone(),
        _ => Vec::new(),
    };
    let mut points: Vec<(Value, Value)> = list("Timestamps").into_iter().zip(list("Values")).collect();
    change(&mut points);
    let (times, values) = points.into_iter().unzip();
    result.insert("Timestamps".to_owned(), Value::List(times));
    result.insert("Values".to_owned(), Value::List(values));
}

/// Every result of an answer of `GetMetricData`, with the id of its query.
fn edit_results(response: &mut Response, mut change: impl FnMut(&str, &mut Map)) {
    let Ok(Value::Map(mut tree)) = cbor::decode(&response.body) else { return };
    let Some(Value::List(results)) = tree.get_mut("MetricDataResults") else { return };
    for result in results {
        let id = match member(result, &["Id"]) {
            Some(Value::Text(id)) => id.clone(),
            _ => continue,
        };
        if let Value::Map(result) = result {
            change(&id, result);
        }
    }
    response.body = cbor::encode(&Value::Map(tree)).into();
}

fn edit(response: &mut Response, change: impl FnOnce(&str) -> String) {
    response.body = change(&String::from_utf8_lossy(&response.body)).into_bytes().into();
}

/// In the minutes that lie within one of the spans the datapoints are another machine's, which has much load where the
/// right one has little.
pub(in crate::swarm) fn show_other_load(response: &mut Response, spans: &[(Timestamp, Option<Timestamp>)]) {
    if spans.is_empty() {
        return;
    }
    let is_other = |start: Timestamp| {
        let end = start.saturating_add(SignedDuration::from_mins(1)).unwrap_or(start);
        spans.iter().any(|(from, until)| *from <= start && until.is_none_or(|until| end <= until))
    };
    edit_points(response, |points| {
        for (at, value) in points {
            if let (Value::Instant(at), Value::Double(number)) = (at, value)
                && is_other(*at)
            {
                *number = (1_000.0 - *number).max(0.0);
            }
        }
    });
}

/// Sets every field of that name, but for a pending class, which has the same name as the class.
fn replace_field(text: &str, name: &str, value: &str) -> String {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(&start) {
        let Some((old, tail)) = after.split_once(&end) else { break };
        out.push_str(before);
        let pends = before.rsplit_once("PendingModifiedValues").is_some_and(|(head, _)| head.ends_with('<'));
        let value = if pends { old } else { value };
        if !value.is_empty() {
            out.extend([start.as_str(), value, end.as_str()]);
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}
