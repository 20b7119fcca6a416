//! The engine's policies of a day.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::{ACCOUNT, Drawer, Form, pick, unreachable_plan};
use crate::config;
use crate::model::policy::{OldMachinePolicy, RemovedBy, Strategy, Switchover};
use crate::model::server::{PasswordSource, ServerAccess};
use crate::model::settings::Settings;
use crate::sim::rng::Rng;
use crate::swarm::faults::Fault;

/// The built-in rules, and one up rule on another signal, whose gaps hide load from nothing but that rule.
const RULES: &str = "[[database.up]]\nsignal = \"writes\"\nabove = 500\ndatapoints = 2\nperiods = 3\n\
     [[database.up]]\nsignal = \"write_latency\"\nabove = 0.01\ndatapoints = 3\nperiods = 3\n\
     [[database.down]]\nsignal = \"writes\"\nbelow = 225\ndatapoints = 10\nperiods = 10\n\
     [[database.down]]\nsignal = \"writes\"\nbelow = 225\ndatapoints = 55\nperiods = 60\n";

impl Drawer<'_> {
    pub(super) fn settings(&mut self, rungs: &[&str]) -> Settings {
        let rungs = rungs.iter().map(|rung| format!("\"{rung}\"")).collect::<Vec<_>>().join(", ");
        let strategy = self.form.strategy().as_str();
        // Seldomer than the product's 15 s, as is the watch below: a look costs the most of a trial, and the faults last for minutes and hours.
        let every = [150, 300, 300, 300, 300, 300][pick(&mut self.rng, 6)];
        let in_flight = 1 + pick(&mut self.rng, 2);
        let pinned = self.rng.draw().is_multiple_of(2);
        let mut text = if pinned { format!("[aws]\naccount_id = \"{ACCOUNT}\"\n") } else { String::new() };
        let _ = write!(
            text,
            "[engine]\nevaluate_every = \"{every}s\"\nwatch_every = \"45s\"\nmax_actions_in_flight = {in_flight}\n"
        );
        for name in self.names {
            let actions = [4, 8, 24][pick(&mut self.rng, 3)];
            let up = [5, 15][pick(&mut self.rng, 2)];
            let down = [20, 60][pick(&mut self.rng, 2)];
            let _ = write!(
                text,
                "\n[[database]]\nid = \"{name}\"\nladder = [{rungs}]\nstrategy = \"{strategy}\"\n\
                 max_actions_per_day = {actions}\ncooldown = {{ up = \"{up}m\", down = \"{down}m\" }}\n"
            );
            if self.rng.draw().is_multiple_of(2) {
                text.push_str(RULES);
            }
        }
        config::parse(&text, "swarm").unwrap_or_else(|problems| unreachable_plan(&problems.render(false)))
    }
}

/// What actions leave is kept for a while: of a draw of its own, so that the rest of the day stays what it is.
pub(super) fn keep_old_machines(seed: u64, settings: &mut Settings) {
    let mut rng = Rng::of(seed, "swarm old machines", 0);
    for policy in &mut settings.databases {
        policy.old_machine = old_machine(&mut rng);
    }
}

/// On some days a person must say yes to each cut, within less time than people take to come by now and then; and on some of
/// those of copies the engine moves in place where a copy would come too late. Of a draw of its own, too.
pub(super) fn cut_by_word(seed: u64, form: Form, settings: &mut Settings) {
    let mut rng = Rng::of(seed, "swarm cuts", 0);
    for policy in &mut settings.databases {
        let (by_word, in_place) = (rng.unit() < 0.35, rng.unit() < 0.4);
        let mins = [10, 20, 40][pick(&mut rng, 3)];
        if by_word {
            policy.copy.switchover = Switchover::Supervised;
            policy.copy.approve_within = Duration::from_mins(mins);
        }
        if in_place && form == Form::Copies {
            policy.copy.fast_lane = Some(Strategy::InPlace);
        }
    }
}

/// On half of the days, and on each whose clients come to an old machine, the servers are read, too.
pub(super) fn read_servers(seed: u64, faults: &BTreeSet<Fault>, settings: &mut Settings) {
    let mut rng = Rng::of(seed, "swarm servers", 0);
    if !rng.draw().is_multiple_of(2) && !faults.contains(&Fault::R7OldEndpoint) {
        return;
    }
    for policy in &mut settings.databases {
        policy.postgres = Some(ServerAccess {
            dsn: "postgresql://upshift@localhost/postgres".to_owned(),
            password: PasswordSource::None,
            ca_file: None,
            max_transaction_age: Duration::from_mins(5),
        });
    }
}

/// Kept for half an hour to six hours, and most by the engine's hand, with a snapshot.
fn old_machine(rng: &mut Rng) -> OldMachinePolicy {
    let mins = [30, 60, 180, 360][pick(rng, 4)];
    OldMachinePolicy {
        keep: Duration::from_mins(mins),
        removed_by: [RemovedBy::Engine, RemovedBy::Engine, RemovedBy::Person][pick(rng, 3)],
        final_snapshot: !rng.draw().is_multiple_of(4),
    }
}
