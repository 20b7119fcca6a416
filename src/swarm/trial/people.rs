//! What people do around a running engine, through the control protocol, and what others do at AWS behind its back.

use http::HeaderMap;
use jiff::Timestamp;

use super::orders::Orders;
use crate::model::class::InstanceClass;
use crate::model::cluster::ClusterKind;
use crate::model::command::Command;
use crate::model::database::DatabaseName;
use crate::model::ladder::Direction;
use crate::model::snapshot::DatabaseView;
use crate::sim::Sim;
use crate::sim::wire::Request;
use crate::swarm::oracle::truth;
use crate::swarm::plan::DeploymentEnd;

/// The orders of a person who comes by. True when one of them is to arm; `for_good`, also where it is armed for a while.
pub(in crate::swarm) fn look_after(orders: &mut Orders, sim: &Sim, for_good: bool) -> bool {
    let snapshot = orders.snapshot();
    for view in &snapshot.databases {
        let waits = view.holds.iter().any(crate::model::hold::Hold::waits_for_person);
        if waits && clear_away(sim, sim.clock().now(), view.name().as_str()) {
            orders.give(Command::Release { database: view.name().clone() });
        }
    }
    let arms = !snapshot.arming.is_armed() || for_good && snapshot.arming.until().is_some();
    if arms {
        orders.give(Command::Arm { reason: "looked, all is well".to_owned(), duration: None });
    }
    arms
}

/// Says yes to every cut that waits for a word.
pub(in crate::swarm) fn allow_cuts(orders: &mut Orders) {
    let snapshot = orders.snapshot();
    let waits = |view: &&DatabaseView| view.active_run().is_some_and(|run| run.awaits_approval(&view.policy.copy));
    for view in snapshot.databases.iter().filter(waits) {
        orders.give(Command::Approve { database: view.name().clone() });
    }
}

/// One step of the ladder from where the person sees the database.
pub(in crate::swarm) fn scale(
    orders: &mut Orders,
    database: &str,
    direction: Direction,
    hold_for: Option<std::time::Duration>,
) {
    let snapshot = orders.snapshot();
    let Some(view) = view_of(&snapshot.databases, database) else { return };
    let target = view.state.as_ref().and_then(|state| view.policy.ladder.step(&state.class, direction));
    if let Some(to) = target.cloned() {
        orders.give(Command::Scale { database: view.name().clone(), to, reason: "by hand".to_owned(), hold_for });
    }
}

/// Deletes the machine that was replaced first of those that are still there.
pub(in crate::swarm) fn remove_old(orders: &mut Orders, database: &str) {
    let snapshot = orders.snapshot();
    let Some(view) = view_of(&snapshot.databases, database) else { return };
    if let Some(old) = view.old_machines.first() {
        let (database, machine, resource_id) = (view.name().clone(), old.name.clone(), old.resource_id.clone());
        let reason = "nobody needs it any more".to_owned();
        orders.give(Command::RemoveOld { database, machine, resource_id, reason });
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
    let named = [&[("DBInstanceIdentifier", database)], what].concat();
    foreign_call(sim, now, "ModifyDBInstance", &named)
}

/// Somebody else's change of a class; of a cluster to a class of its own ladder, since it knows no others.
pub(in crate::swarm) fn foreign_class(
    sim: &Sim,
    now: Timestamp,
    database: &str,
    (class, rungs): (&str, &[InstanceClass]),
) -> bool {
    let kind = truth::cluster_kind(sim.world().fleet(), database);
    let rung = rungs.get(class.len() % rungs.len().max(1)).map_or(class, InstanceClass::as_str);
    match kind {
        None => foreign_modify(sim, now, database, &[("DBInstanceClass", class), ("ApplyImmediately", "true")]),
        Some(ClusterKind::Aurora) => {
            let Some(writer) = sim.world().fleet().writer(database).map(|writer| writer.id.clone()) else {
                return false;
            };
            foreign_modify(sim, now, &writer, &[("DBInstanceClass", rung), ("ApplyImmediately", "true")])
        }
        Some(ClusterKind::MultiAz) => {
            let what =
                [("DBClusterIdentifier", database), ("DBClusterInstanceClass", rung), ("ApplyImmediately", "true")];
            foreign_call(sim, now, "ModifyDBCluster", &what)
        }
    }
}

/// Somebody else's wish for a cluster that waits for its window.
pub(in crate::swarm) fn foreign_pending_of_cluster(sim: &Sim, now: Timestamp, database: &str) {
    let what = [("DBClusterIdentifier", database), ("BackupRetentionPeriod", "9")];
    foreign_call(sim, now, "ModifyDBCluster", &what);
}

/// A person who has looked at a database that is held removes the deployment or the readers that were left there, and ends a
/// change that stopped halfway. False when AWS did not let that happen: whoever looks again tries it again.
pub(in crate::swarm) fn clear_away(sim: &Sim, now: Timestamp, database: &str) -> bool {
    let readers: Vec<String> =
        truth::made_readers(sim.world().fleet(), database).map(|(name, _)| name.to_owned()).collect();
    let mut done = true;
    for reader in readers {
        done &= foreign_call(sim, now, "DeleteDBInstance", &[("DBInstanceIdentifier", reader.as_str())]);
    }
    let halfway = truth::halfway(sim.world().fleet(), database);
    if let Some(class) = halfway {
        let what =
            [("DBClusterIdentifier", database), ("DBClusterInstanceClass", &class), ("ApplyImmediately", "true")];
        done &= foreign_call(sim, now, "ModifyDBCluster", &what);
    }
    for id in open_deployments(sim, database) {
        delete_deployment(sim, now, &id);
    }
    done
}

/// Somebody else's hand on the deployment of a database. True when there was one and AWS took it.
pub(in crate::swarm) fn end_deployment(sim: &Sim, now: Timestamp, database: &str, end: DeploymentEnd) -> bool {
    let Some(id) = open_deployments(sim, database).into_iter().next() else { return false };
    match end {
        DeploymentEnd::Deleted => delete_deployment(sim, now, &id),
        DeploymentEnd::SwitchedOver => {
            let what = [("BlueGreenDeploymentIdentifier", id.as_str())];
            foreign_call(sim, now, "SwitchoverBlueGreenDeployment", &what)
        }
    }
}

fn open_deployments(sim: &Sim, database: &str) -> Vec<String> {
    let world = sim.world();
    let arn = world.fleet().instance(database).map(|instance| instance.arn.clone()).unwrap_or_default();
    let deployments = world.fleet().deployments();
    deployments.filter(|it| it.is_open() && it.source == arn).map(|it| it.id.clone()).collect()
}

fn delete_deployment(sim: &Sim, now: Timestamp, id: &str) -> bool {
    let what = [("BlueGreenDeploymentIdentifier", id), ("DeleteTarget", "true")];
    foreign_call(sim, now, "DeleteBlueGreenDeployment", &what)
}

fn foreign_call(sim: &Sim, now: Timestamp, operation: &str, what: &[(&str, &str)]) -> bool {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", operation).append_pair("Version", "2014-10-31").extend_pairs(what);
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
