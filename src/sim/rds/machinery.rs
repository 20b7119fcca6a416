//! What stands behind the instances: nothing but the model, or real servers that somebody runs.
//!
//! Where servers are real, a step of the control plane that claims something of one is not taken before it is so: it
//! becomes an order, and the step waits until the order has been carried out. So no status and no event is ahead of the
//! servers, however long they take.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::fleet::Fleet;

/// How soon a step that waits for a server looks again.
pub(super) const LOOKS_AGAIN_AFTER: SignedDuration = SignedDuration::from_millis(200);

/// Something that a real server must do. Machines are named by their `DbiResourceId`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) enum Order {
    /// It stops, cleanly.
    Stop { machine: String },
    /// It starts with the settings of a class.
    Start { machine: String, class: String },
    /// Its standby has the settings of a class.
    ReadyStandby { machine: String, class: String },
    /// It stops, and its standby takes over.
    FailOver { machine: String, class: String },
    /// A new machine is made from another one and follows it.
    Copy { machine: String, of: String, class: String },
    /// The copy takes over: the old one takes no writes any more, and the new one has all that it took.
    TakeOver { old: String, new: String },
    /// A copy stands alone.
    Promote { machine: String },
    /// It is removed with its data.
    Remove { machine: String },
}

/// What carries steps out.
#[derive(Debug, Default)]
pub(super) enum Machinery {
    /// Nothing: what a step claims is so.
    #[default]
    Modelled,
    /// Real servers.
    Real(BTreeMap<Order, State>),
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody has taken it.
    Open,
    /// Somebody is at it.
    Taken,
    /// It has been carried out.
    Done,
}

impl Machinery {
    /// Whether that has been done; asks for it where it has not.
    pub(super) fn has_done(&mut self, order: &Order) -> bool {
        let Self::Real(orders) = self else { return true };
        if orders.get(order) == Some(&State::Done) {
            orders.remove(order);
            return true;
        }
        orders.entry(order.clone()).or_insert(State::Open);
        false
    }

    /// Asks for something that no step waits for.
    pub(super) fn tell(&mut self, order: Order) {
        if let Self::Real(orders) = self {
            orders.insert(order, State::Open);
        }
    }

    /// The orders that nobody has taken; they are taken when this returns.
    pub(super) fn take(&mut self) -> Vec<Order> {
        let Self::Real(orders) = self else { return Vec::new() };
        let open = orders.iter_mut().filter(|(_, state)| **state == State::Open);
        open.map(|(order, state)| {
            *state = State::Taken;
            order.clone()
        })
        .collect()
    }

    /// It has been carried out.
    pub(super) fn done(&mut self, order: &Order) {
        let Self::Real(orders) = self else { return };
        // No step waits for this one.
        if matches!(order, Order::Promote { .. }) {
            orders.remove(order);
        } else {
            orders.insert(order.clone(), State::Done);
        }
    }
}

impl Fleet {
    /// From now on real servers stand behind the instances.
    pub(in crate::sim) fn machinery_is_real(&mut self) {
        self.machinery = Machinery::Real(BTreeMap::new());
    }

    /// See [`Machinery::take`].
    pub(in crate::sim) fn take_orders(&mut self) -> Vec<Order> {
        self.machinery.take()
    }

    /// Puts an order back that cannot be carried out yet.
    pub(in crate::sim) fn put_back(&mut self, order: Order) {
        self.machinery.tell(order);
    }

    /// See [`Machinery::done`].
    pub(in crate::sim) fn carried_out(&mut self, order: &Order) {
        self.machinery.done(order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_waits_for_its_order_and_goes_on_once() {
        let stop = Order::Stop { machine: "db-A".to_owned() };
        assert!(Machinery::Modelled.has_done(&stop));
        let mut real = Machinery::Real(BTreeMap::new());
        assert!(!real.has_done(&stop));
        assert_eq!(real.take(), vec![stop.clone()]);
        assert!(!real.has_done(&stop) && real.take().is_empty());
        real.done(&stop);
        assert!(real.has_done(&stop));
        assert!(!real.has_done(&stop), "the next stop is another one");
    }
}
