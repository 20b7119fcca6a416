//! What people do around a running engine, through the control protocol, and what others do at AWS behind its back.

use http::HeaderMap;
use jiff::Timestamp;

use super::orders::Orders;
use crate::model::command::Command;
use crate::model::database::DatabaseName;
use crate::model::ladder::Direction;
use crate::model::snapshot::DatabaseView;
use crate::sim::Sim;
use crate::sim::wire::Request;

/// The orders of a person who comes by. True when one of them is to arm.
pub(in crate::swarm) fn look_after(orders: &mut Orders) -> bool {
    let snapshot = orders.snapshot();
    for view in &snapshot.databases {
        if view.holds.iter().any(crate::model::hold::Hold::waits_for_person) {
            orders.give(Command::Release { database: view.name().clone() });
        }
    }
    let arms = !snapshot.arming.is_armed();
    if arms {
        orders.give(Command::Arm { reason: "looked, all is well".to_owned() });
    }
    arms
}

/// One step of the ladder from where the person sees the database.
pub(in crate::swarm) fn scale(orders: &mut Orders, database: &str, direction: Direction) {
    let snapshot = orders.snapshot();
    let Some(view) = view_of(&snapshot.databases, database) else { return };
    let target = view.state.as_ref().and_then(|state| view.policy.ladder.step(&state.class, direction));
    if let Some(to) = target.cloned() {
        orders.give(Command::Scale { database: view.name().clone(), to, reason: "by hand".to_owned() });
    }
}

/// Two people: one changes something, the other orders on the picture from before.
pub(in crate::swarm) fn order_on_old_picture(orders: &mut Orders, database: &str) {
    let snapshot = orders.snapshot();
    let Some(view) = view_of(&snapshot.databases, database) else { return };
    let database: DatabaseName = view.name().clone();
    orders.give(Command::Release { database: database.clone() });
    let hold = Command::Hold {
        database,
        direction: None,
        duration: std::time::Duration::from_mins(30),
        reason: "on an old picture".to_owned(),
    };
    orders.give_in_sight_of(hold, snapshot.revision);
}

fn view_of<'a>(views: &'a [DatabaseView], database: &str) -> Option<&'a DatabaseView> {
    views.iter().find(|view| view.name().as_str() == database)
}

/// Somebody else's `ModifyDBInstance`. True when AWS took it.
pub(in crate::swarm) fn foreign_modify(sim: &Sim, now: Timestamp, database: &str, what: &[(&str, &str)]) -> bool {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", "ModifyDBInstance").append_pair("Version", "2014-10-31");
    form.append_pair("DBInstanceIdentifier", database).extend_pairs(what);
    let mut headers = HeaderMap::new();
    let day = now.strftime("%Y%m%d").to_string();
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential=OTHER/{day}/us-east-1/rds/aws4_request, SignedHeaders=host, Signature=0");
    if let Ok(value) = http::HeaderValue::from_str(&authorization) {
        headers.insert(http::header::AUTHORIZATION, value);
    }
    headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/x-www-form-urlencoded"));
    let uri = http::Uri::from_static("/");
    let request = Request { method: http::Method::POST, uri, headers, body: form.finish().into() };
    sim.answer(&request).response.status.is_success()
}
