//! What servers are made to do, one task for each. A job has the servers that it needs to itself and gives them back.

use std::path::PathBuf;
use std::sync::Arc;

use super::PlaneError;
use super::server::Server;
use crate::sim::Sim;
use crate::sim::rds::machinery::Order;
use crate::sim::world::real::Size;

/// The server of a machine, and its standby where it has one.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) primary: Server,
    pub(super) standby: Option<Server>,
}

/// What came of a job.
pub(super) struct Finished {
    /// The machines that still exist, by `DbiResourceId`.
    pub(super) pairs: Vec<(String, Pair)>,
}

/// What a job works with.
#[derive(Debug, Clone)]
pub(super) struct Tools {
    pub(super) sim: Sim,
    /// Where servers have their folders.
    pub(super) yard: Arc<PathBuf>,
}

impl Tools {
    fn size(&self, class: &str) -> Size {
        self.sim.world().size(class)
    }

    /// Carries out an order on the machines that it names; the world knows before this returns.
    pub(super) async fn carry_out(self, order: Order, mut pairs: Vec<(String, Pair)>) -> Result<Finished, PlaneError> {
        match (&order, pairs.as_mut_slice()) {
            (Order::Stop { .. }, [(_, pair)]) => pair.primary.stop().await?,
            (Order::Start { class, .. }, [(_, pair)]) => pair.primary.start(self.size(class)).await?,
            (Order::ReadyStandby { machine, class }, [(_, Pair { primary, standby: Some(standby) })]) => {
                let size = self.size(class);
                if standby.size() != size {
                    standby.resize_following(primary, &name_of_standby(machine), size).await?;
                }
            }
            (Order::FailOver { machine, class }, [(_, pair)]) => self.fail_over(pair, machine, class).await?,
            (Order::Promote { .. }, [(_, pair)]) => pair.primary.promote().await?,
            (Order::Copy { machine, class, .. }, [(_, pair)]) => {
                let name = of_machine(machine);
                let copy = Server::follow(&pair.primary, &name, &self.yard, self.size(class)).await?;
                pairs.push((machine.clone(), Pair { primary: copy, standby: None }));
            }
            (Order::TakeOver { new: id, .. }, [(_, old), (_, new)]) => {
                // A clean stop ships everything to whoever follows then: what it has taken is with the copy before it is gone.
                new.primary.until_it_follows(&old.primary, &of_machine(id)).await?;
                old.primary.stop().await?;
                if let Some(mut standby) = old.standby.take() {
                    standby.stop().await?;
                }
                new.primary.promote().await?;
                self.sim.world().carried_out(&order);
                old.primary.start_read_only().await?;
                return Ok(Finished { pairs });
            }
            (Order::Remove { .. }, _) => {
                for (_, mut pair) in pairs.drain(..) {
                    pair.primary.stop().await?;
                }
            }
            _ => {}
        }
        self.sim.world().carried_out(&order);
        Ok(Finished { pairs })
    }

    /// Gives a machine the standby that it shall have.
    pub(super) async fn add_standby(self, id: String, mut pair: Pair, class: String) -> Result<Finished, PlaneError> {
        let name = name_of_standby(&id);
        pair.standby = Some(Server::follow(&pair.primary, &name, &self.yard, self.size(&class)).await?);
        Ok(Finished { pairs: vec![(id, pair)] })
    }

    async fn fail_over(&self, pair: &mut Pair, machine: &str, class: &str) -> Result<(), PlaneError> {
        let Some(mut standby) = pair.standby.take() else {
            // Its standby is still made: then a restart is all that there is.
            pair.primary.stop().await?;
            return pair.primary.start(self.size(class)).await;
        };
        // As with a copy that takes over.
        standby.until_it_follows(&pair.primary, &name_of_standby(machine)).await?;
        pair.primary.stop().await?;
        standby.promote().await?;
        pair.primary = standby;
        Ok(())
    }
}

fn name_of_standby(id: &str) -> String {
    format!("standby_{}", of_machine(id))
}

/// A name for the server's list of followers.
fn of_machine(id: &str) -> String {
    id.to_ascii_lowercase().replace('-', "_")
}
