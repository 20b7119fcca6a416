//! Times under a chart: at round minutes or hours of UTC, never so many that they run into each other.

use jiff::Timestamp;

/// Steps between labels, in seconds; each divides a day, so that labels stay where they are as time goes on.
const STEPS: [i64; 11] = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200];
/// Cells of `09:41`.
const LABEL: u16 = 5;
/// Cells from one label to the next.
const APART: i64 = 8;

/// What a row of cells covers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// The end of the last cell, in seconds since 1970.
    pub(super) right: i64,
    pub(super) secs_per_cell: i64,
    pub(super) cells: u16,
}

impl Span {
    /// Labels and the cells they begin at, from the left; the last is `edge` at the right edge.
    pub(super) fn labels(self, edge: &str) -> Vec<(u16, String)> {
        let edge_at = self.cells.saturating_sub(edge.chars().count() as u16);
        let left = self.right - self.secs_per_cell * i64::from(self.cells);
        let step = STEPS.into_iter().find(|step| *step >= self.secs_per_cell * APART);
        let mut labels = Vec::new();
        if let Some(step) = step {
            let mut time = (left.div_euclid(step) + 1) * step;
            while time < self.right {
                // Centred under its moment.
                let cell = (time - left) / self.secs_per_cell - i64::from(LABEL / 2);
                let fits = cell >= 0 && cell + i64::from(LABEL) < i64::from(edge_at);
                if let Some(time) = Timestamp::from_second(time).ok().filter(|_| fits) {
                    labels.push((cell as u16, time.strftime("%H:%M").to_string()));
                }
                time += step;
            }
        }
        labels.push((edge_at, edge.to_owned()));
        labels
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_stand_at_round_times_under_their_moment() {
        let right = "2026-01-05T09:06:30Z".parse::<Timestamp>().unwrap().as_second();
        let labels = Span { right, secs_per_cell: 60, cells: 60 }.labels("now");
        let expected =
            [(1, "08:10"), (11, "08:20"), (21, "08:30"), (31, "08:40"), (41, "08:50"), (51, "09:00"), (57, "now")];
        assert_eq!(labels.iter().map(|(x, text)| (*x, text.as_str())).collect::<Vec<_>>(), expected);
    }

    proptest! {
        #[test]
        fn labels_never_touch(right in 0_i64..4_000_000_000, secs_per_cell in 1_i64..4_000, cells in 0_u16..300) {
            let labels = Span { right, secs_per_cell, cells }.labels("now");
            let apart = |pair: &[(u16, String)]| usize::from(pair[1].0) > usize::from(pair[0].0) + pair[0].1.len();
            prop_assert!(labels.windows(2).all(apart), "{:?}", labels);
        }
    }
}
