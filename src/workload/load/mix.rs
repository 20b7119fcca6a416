//! Which kind of write is next, and which rows there are to update and delete.

use std::str::FromStr;

use fastrand::Rng;

/// A kind of write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A new row.
    Insert,
    /// Of a row that this run has inserted.
    Update,
    /// Of a row that this run has inserted.
    Delete,
}

/// Shares of inserts, updates and deletes, in this order. At least one is above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mix {
    shares: [u32; 3],
}

const KINDS: [Kind; 3] = [Kind::Insert, Kind::Update, Kind::Delete];

/// As much as is sensible to write, and far from an overflow.
const LARGEST_SHARE: u32 = 1_000_000;

impl FromStr for Mix {
    type Err = String;

    /// `I:U:D`, such as `50:40:10`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "must be three whole numbers up to {LARGEST_SHARE}, shares of inserts, updates and deletes: 50:40:10"
            )
        };
        let shares: Result<Vec<u32>, _> = text.split(':').map(str::parse).collect();
        let shares = <[u32; 3]>::try_from(shares.map_err(|_| wrong())?).map_err(|_| wrong())?;
        if shares.iter().any(|share| *share > LARGEST_SHARE) {
            return Err(wrong());
        }
        // Nothing would ever be there to update or delete.
        if shares[0] == 0 {
            return Err(
                "the share of inserts must be above zero: updates and deletes are of rows that were inserted".into()
            );
        }
        Ok(Self { shares })
    }
}

/// Deals kinds out in the proportions of a mix, as evenly as can be.
#[derive(Debug, Clone)]
pub struct Dealer {
    shares: [i64; 3],
    owed: [i64; 3],
}

impl Dealer {
    /// For a mix, from its beginning.
    pub fn new(mix: Mix) -> Self {
        Self { shares: mix.shares.map(i64::from), owed: [0; 3] }
    }

    /// The next kind. Any run of as many as the shares' sum has exactly the proportions of the mix.
    pub fn deal(&mut self) -> Kind {
        let (mut chosen, total) = (0, self.shares.iter().sum::<i64>());
        for index in 0..KINDS.len() {
            self.owed[index] += self.shares[index];
            if self.owed[index] > self.owed[chosen] {
                chosen = index;
            }
        }
        self.owed[chosen] -= total;
        KINDS[chosen]
    }
}

/// Rows that were acknowledged and that nobody is writing to.
#[derive(Debug)]
pub struct Rows {
    ids: Vec<i64>,
    random: Rng,
}

/// Eight megabytes of identifiers: a long load of inserts must not fill the memory.
const MOST_ROWS: usize = 1_000_000;

impl Default for Rows {
    /// None yet.
    fn default() -> Self {
        // One sequence for all runs: which row is taken means nothing, that it is any of them does.
        Self { ids: Vec::new(), random: Rng::with_seed(0) }
    }
}

impl Rows {
    /// Any row, which is nobody else's until it is put back; `None` when there is none.
    pub fn take(&mut self) -> Option<i64> {
        let last = self.ids.len();
        (last > 0).then(|| self.ids.swap_remove(self.random.usize(..last)))
    }

    /// A row that is there. Beyond a million rows one is forgotten for it: it stays in the table and is not written to.
    pub fn put(&mut self, id: i64) {
        if self.ids.len() < MOST_ROWS {
            self.ids.push(id);
        } else {
            let index = self.random.usize(..MOST_ROWS);
            self.ids[index] = id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str, deals: usize) -> [usize; 3] {
        let mut dealer = Dealer::new(text.parse().unwrap());
        let dealt: Vec<Kind> = (0..deals).map(|_| dealer.deal()).collect();
        KINDS.map(|kind| dealt.iter().filter(|other| **other == kind).count())
    }

    #[test]
    fn a_mix_is_dealt_exactly_and_evenly() {
        assert_eq!(counts("50:40:10", 100), [50, 40, 10]);
        assert_eq!(counts("50:40:10", 10), [5, 4, 1]);
        assert_eq!(counts("1:0:0", 7), [7, 0, 0]);
        assert_eq!(counts("1000000:1:1", 10), [10, 0, 0]);
    }

    #[test]
    fn a_mix_that_cannot_be_is_refused() {
        for wrong in ["", "1", "1:2", "1:2:3:4", "a:b:c", "-1:1:1", "0:0:0", "0:1:1", "1:1:1000001", "1.5:1:1"] {
            assert!(wrong.parse::<Mix>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_row_is_nobody_elses_while_it_is_taken() {
        let mut rows = Rows::default();
        assert_eq!(rows.take(), None);
        (0..10).for_each(|id| rows.put(id));
        let mut taken: Vec<i64> = std::iter::from_fn(|| rows.take()).collect();
        taken.sort_unstable();
        assert_eq!(taken, (0..10).collect::<Vec<i64>>());
    }

    #[test]
    fn rows_are_bounded() {
        let mut rows = Rows::default();
        (0..1_000_100).for_each(|id| rows.put(id));
        assert_eq!(rows.ids.len(), MOST_ROWS);
        assert!(rows.ids.iter().any(|id| *id >= 1_000_000));
    }
}
