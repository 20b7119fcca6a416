//! Seeded randomness of the simulation. Nothing else in this room may draw: equal seeds give equal worlds.
//!
//! The generator is SplitMix64 (Steele, Lea and Flood, 2014): eight bytes of state, any seed is a good one. A stream is
//! derived from the seed, a purpose and an index rather than drawn from one common generator, so that what a client
//! asks, and how often, changes nothing about the load that the world will see.

use std::time::Duration;

use jiff::SignedDuration;

/// One stream of random numbers.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The stream of one purpose: `index` tells apart the occasions, such as the number of a minute.
    pub fn of(seed: u64, purpose: &str, index: u64) -> Self {
        let mut rng = Self { state: seed };
        for byte in purpose.bytes() {
            rng.state = rng.draw().wrapping_add(u64::from(byte));
        }
        rng.state = rng.draw().wrapping_add(index);
        rng
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Evenly in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// In `(-1, 1)`, values near 0 the likeliest. Bounded, unlike a normal distribution: a scenario's author can rely
    /// on what the noise cannot do.
    pub fn swing(&mut self) -> f64 {
        self.unit() - self.unit()
    }

    /// Evenly between two durations, to the millisecond; `from` when the two are in the wrong order.
    pub fn between(&mut self, from: SignedDuration, to: SignedDuration) -> SignedDuration {
        let width = to.saturating_sub(from).as_secs_f64().max(0.0);
        let millis = (width * self.unit() * 1000.0) as i64;
        from.saturating_add(SignedDuration::from_millis(millis))
    }

    /// Evenly between two counts of milliseconds.
    pub fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.draw() % (to.saturating_sub(from) + 1))
    }

    /// That many lower-case letters and digits, as in AWS's generated names.
    pub fn alphanumeric(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(ALPHABET[(self.draw() % 36) as usize])).collect()
    }

    /// An identifier of the form that AWS gives to requests.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.draw(), self.draw());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_seed_purpose_and_index() {
        let first = |seed, purpose, index| Rng::of(seed, purpose, index).draw();
        assert_eq!(first(1, "noise", 7), first(1, "noise", 7));
        let all = [first(1, "noise", 7), first(2, "noise", 7), first(1, "delay", 7), first(1, "noise", 8)];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn draws_stay_within_their_bounds_and_fill_them() {
        let mut rng = Rng::of(3, "bounds", 0);
        let swings: Vec<f64> = (0..2000).map(|_| rng.swing()).collect();
        assert!(swings.iter().all(|swing| (-1.0..1.0).contains(swing)));
        assert!(swings.iter().any(|swing| *swing > 0.8) && swings.iter().any(|swing| *swing < -0.8));
        let (from, to) = (SignedDuration::from_secs(60), SignedDuration::from_secs(120));
        assert!((0..2000).map(|_| rng.between(from, to)).all(|delay| from <= delay && delay < to));
        assert_eq!(rng.between(to, from), to);
        assert_eq!(rng.uuid().len(), 36);
    }
}
