//! The ladder: the ordered classes that a database may move between, smallest first.

use serde::{Deserialize, Serialize};

use super::class::InstanceClass;

/// Which way an action goes on the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To a larger class.
    Up,
    /// To a smaller class.
    Down,
}

/// At least two distinct classes, smallest first. Neither the engine nor an override leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ladder(Vec<InstanceClass>);

impl Ladder {
    /// A ladder of these rungs. `None` with fewer than two or with one twice.
    pub fn new(rungs: Vec<InstanceClass>) -> Option<Self> {
        let distinct = rungs.iter().enumerate().all(|(i, class)| !rungs[..i].contains(class));
        (rungs.len() >= 2 && distinct).then_some(Self(rungs))
    }

    /// The rungs, smallest first.
    pub fn rungs(&self) -> &[InstanceClass] {
        &self.0
    }

    /// Where `class` stands, 0 being the smallest.
    pub fn position(&self, class: &InstanceClass) -> Option<usize> {
        self.0.iter().position(|rung| rung == class)
    }

    /// The next rung from `class` in a direction; `None` at the end, and when `class` is not on the ladder.
    pub fn step(&self, class: &InstanceClass, direction: Direction) -> Option<&InstanceClass> {
        let here = self.position(class)?;
        match direction {
            Direction::Up => self.0.get(here + 1),
            Direction::Down => here.checked_sub(1).and_then(|below| self.0.get(below)),
        }
    }

    /// Which way `to` lies from `from`. From a class that is off the ladder the hardware tells; one whose hardware is not
    /// known counts as going down, which is held to more rules.
    pub fn direction(&self, from: &InstanceClass, to: &InstanceClass) -> Direction {
        let size = |class: &InstanceClass| class.hardware().map(|hardware| (hardware.memory_gib, hardware.vcpus));
        let rises = match self.position(from).zip(self.position(to)) {
            Some((from, to)) => to >= from,
            None => size(from).zip(size(to)).is_some_and(|(from, to)| to.0 >= from.0 && to.1 >= from.1),
        };
        if rises { Direction::Up } else { Direction::Down }
    }
}

impl Direction {
    /// The other one.
    pub fn opposite(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }

    /// `up` or `down`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str) -> InstanceClass {
        InstanceClass::known(name).unwrap()
    }

    #[test]
    fn steps_stop_at_the_ends_and_off_the_ladder() {
        let ladder = Ladder::new(vec![class("db.t4g.small"), class("db.m5.large")]).unwrap();
        assert_eq!(ladder.step(&class("db.t4g.small"), Direction::Up), Some(&class("db.m5.large")));
        assert_eq!(ladder.step(&class("db.t4g.small"), Direction::Down), None);
        assert_eq!(ladder.step(&class("db.m5.large"), Direction::Up), None);
        assert_eq!(ladder.step(&class("db.m5.xlarge"), Direction::Down), None);
    }

    #[test]
    fn one_rung_or_a_rung_twice_is_no_ladder() {
        assert!(Ladder::new(vec![class("db.m5.large")]).is_none());
        assert!(Ladder::new(vec![class("db.m5.large"), class("db.m5.large")]).is_none());
    }
}
