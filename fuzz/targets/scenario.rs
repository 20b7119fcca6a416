//! The text of a scenario: a world that lives, or problems that can be shown.

use jiff::SignedDuration;
use upshift::sim::scenario::Scenario;
use upshift::sim::world::World;

use super::hygiene;

/// Takes what a file could hold.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Scenario::parse("scenario.toml", text) {
        Ok(scenario) => {
            hygiene::must_be_clean("a scenario's name", &scenario.name);
            hygiene::must_be_clean("its description", &scenario.description);
            live(scenario);
        }
        Err(error) => {
            assert!(!error.list().is_empty());
            hygiene::lines_must_be_clean("a problem", &error.to_string());
        }
    }
}

/// A few minutes of its life; large worlds would take too long.
fn live(mut scenario: Scenario) {
    scenario.instances.truncate(3);
    scenario.clusters.truncate(3);
    scenario.history = scenario.history.min(SignedDuration::from_mins(5));
    let mut world = World::new(&scenario, None);
    if let Ok(later) = scenario.start.checked_add(SignedDuration::from_mins(5)) {
        world.advance(later);
        assert_eq!(world.now(), later);
    }
}
