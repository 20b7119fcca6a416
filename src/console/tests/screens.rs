//! How screens look, and what each must show whatever its size.

use super::*;
use crate::console::fixtures::{self, closed_gates, snapshot, trouble};
use crate::console::keymap::BINDINGS;
use crate::console::state::{Mode, Panel};
use crate::model::class::InstanceClass;
use crate::model::cluster::{Cluster, ClusterKind, Member};
use crate::model::database::{DatabaseName, InstanceStatus, ResourceId};
use crate::model::lease::{LeaseStanding, LeaseView};
use crate::model::readers::{NotScaledReason, ReaderMetric, ReadersPolicy, ScalingActivity};

/// The screen as text, and below it the runs of cells that are not in the default style.
fn styled(buffer: &Buffer) -> String {
    let mut styles = String::new();
    for y in 0..buffer.area.height {
        let mut run: Option<(u16, String)> = None;
        for x in 0..=buffer.area.width {
            let cell = (x < buffer.area.width).then(|| &buffer[(x, y)]);
            let style = cell.map(|cell| format!("{:?}/{:?}/{:?}", cell.fg, cell.bg, cell.modifier));
            if run.as_ref().map(|(_, known)| known) != style.as_ref() {
                if let Some((from, known)) = run.take().filter(|(_, known)| known != "Reset/Reset/NONE") {
                    styles.extend([format!("{y},{from}-{x} {known}\n")]);
                }
                run = style.map(|style| (x, style));
            }
        }
    }
    format!("{}\n\n{styles}", text(buffer))
}

#[test]
fn screens_look_as_they_should() {
    for (name, snapshot) in [("main", snapshot()), ("trouble", trouble())] {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            for plain in [false, true] {
                let screen = styled(&drawn(width, height, &snapshot, &UiState::default(), plain));
                insta::assert_snapshot!(
                    format!("{name}_{width}x{height}{}", if plain { "_ascii" } else { "" }),
                    screen
                );
            }
        }
    }
    let snapshot = Arc::new(snapshot());
    for (name, keys) in [("arm", "a"), ("scale", "usale<tab>"), ("choose", "o"), ("hold", "H<down>"), ("help", "?")] {
        let state = after(&snapshot, keys);
        insta::assert_snapshot!(format!("dialog_{name}"), styled(&drawn(80, 24, &snapshot, &state, false)));
    }
}

#[test]
fn whether_this_engine_is_the_one_that_acts_stands_in_the_header() {
    let snapshot = snapshot();
    let at = snapshot.at.checked_sub(jiff::SignedDuration::from_secs(3)).unwrap();
    let holder = "bastion-2 (pid 812)".to_owned();
    for (standing, expected) in [
        (LeaseStanding::Held { epoch: 7, renewed_at: at, acts_from: at }, "lease: held, epoch 7, renewed 3 s ago"),
        (
            LeaseStanding::Elsewhere { holder, epoch: 8, renewed_at: at },
            "observer: lease held by bastion-2 (pid 812), epoch 8, renewed 3 s ago",
        ),
        (LeaseStanding::SetBack { epoch: 3, known: 8 }, "observer: the table says epoch 3, and 8 is on record"),
    ] {
        let lease = Some(LeaseView { place: "upshift in leases".into(), standing, trouble: None });
        let snapshot = Snapshot { lease, ..snapshot.clone() };
        for (width, height) in [(80, 24), (200, 60)] {
            let screen = text(&drawn(width, height, &snapshot, &UiState::default(), false));
            assert!(screen.lines().nth(1).unwrap().starts_with(expected), "{screen}");
        }
    }
}

#[test]
fn alarms_stand_beside_the_rules_and_a_disagreement_is_told_with_its_age() {
    let snapshot = fixtures::with_alarms();
    let screen = styled(&drawn(120, 40, &snapshot, &UiState::default(), false));
    assert!(screen.contains("! for 4 min 00 s: alarm upshift-checkpoints-writes is OK"), "{screen}");
    insta::assert_snapshot!("alarms_120x40", screen);
    let narrow = text(&drawn(80, 24, &snapshot, &UiState::default(), false));
    assert!(narrow.contains("! for 4 min 00 s: alarm"), "{narrow}");
}

#[test]
fn both_sources_of_one_thing_are_drawn_together_and_named() {
    let snapshot = fixtures::two_sources();
    for (width, height) in [(80, 24), (120, 40)] {
        let screen = styled(&drawn(width, height, &snapshot, &UiState::default(), false));
        insta::assert_snapshot!(format!("two_sources_{width}x{height}"), screen);
    }
    // The other way round: the rules look at the server's own rows.
    let mut turned = snapshot;
    turned.databases[0].policy.up[0].signal = crate::model::series::SignalName::new("rows_written");
    let screen = text(&drawn(120, 40, &turned, &UiState::default(), false));
    assert!(screen.contains("checkpoints: rows_written, rows/s | 720"), "{screen}");
    assert!(screen.contains("⠒ rows_written  ⠒ writes, writes/s: 640"), "{screen}");
}

#[test]
fn no_byte_beyond_ascii_and_no_colour_in_the_plain_screen() {
    for snapshot in [snapshot(), trouble()] {
        let snapshot = Arc::new(snapshot);
        for keys in ["", "?", "a", "u", "o", "H", "R", "f"] {
            let buffer = drawn(120, 40, &snapshot, &after(&snapshot, keys), true);
            assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{keys}");
            assert!(buffer.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset), "{keys}");
            assert!(!text(&buffer).contains(" ? lines"), "a glyph without an ASCII one: {}", text(&buffer));
        }
    }
}

#[test]
fn every_size_draws_and_small_ones_say_so() {
    for snapshot in [snapshot(), trouble()] {
        for (width, height) in [(1, 1), (20, 5), (79, 24), (80, 23), (80, 24), (81, 33), (300, 100)] {
            let buffer = drawn(width, height, &snapshot, &UiState::default(), false);
            let text = text(&buffer).replace('\n', " ");
            assert!(!text.contains('\u{1b}'), "an escape reached the screen");
            if (20..80).contains(&width) {
                assert!(text.contains("too small"), "{width}x{height}: {text}");
            }
        }
    }
}

#[test]
fn every_gate_is_shown_and_a_closed_one_with_its_whole_value_and_countdown() {
    let mut alone = trouble();
    alone.databases.truncate(1);
    let sizes = [(80, 24), (120, 40), (200, 60)];
    for (snapshot, (width, height)) in [alone, trouble()].iter().flat_map(|snapshot| sizes.map(|size| (snapshot, size)))
    {
        let screen = text(&drawn(width, height, snapshot, &UiState::default(), false));
        // What is wrapped in the panel is put together again: its lines up to RDS beside it.
        let panel: Vec<&str> = screen.lines().filter_map(|line| line.strip_prefix('│')?.split('│').next()).collect();
        let panel = panel.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        for result in closed_gates() {
            let (glyph, words) =
                if result.open { ('✔', result.gate.name().to_owned()) } else { ('✘', result.to_string()) };
            assert!(panel.contains(&format!("{glyph} {words}")), "{width}x{height}: {glyph} {words} in\n{screen}");
        }
        assert!(panel.contains("✘ cooldown over, opens in 43 min 00 s"), "{screen}");
    }
}

#[test]
fn what_must_not_be_overlooked_is_loud_and_hides_nothing_else() {
    for (width, height) in [(80, 24), (120, 40)] {
        let screen = text(&drawn(width, height, &trouble(), &UiState::default(), false));
        for words in [
            "✘ ANSWER LOST a2 checkpoints to db.m5.large",
            "✘ HELD orders up and down until R releases it",
            "account 111122223333 us-east-1",
        ] {
            assert!(screen.contains(words), "{width}x{height}: {words} in\n{screen}");
        }
    }
    let screen = text(&drawn(120, 40, &trouble(), &UiState::default(), false));
    for words in [
        "HOLD checkpoints up and down until 09:49:30 (43 min 00 s)",
        "for 1 min 15 s: GetMetricData failed",
        "journal #0",
    ] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
}

#[test]
fn a_stuck_engine_does_not_look_fresh() {
    let snapshot = snapshot();
    let later = |secs: i64, speed: f64| Now {
        at: snapshot.at.checked_add(jiff::SignedDuration::from_secs(secs)).unwrap(),
        speed,
        ..now(&snapshot, 10_000)
    };
    let screen = |now| text(&drawn_at(80, 24, &snapshot, &UiState::default(), false, now));
    assert!(screen(later(0, 1.0)).contains("data 1 min 30 s old, RDS 0 s old"), "{}", screen(later(0, 1.0)));
    assert!(!screen(later(44, 1.0)).contains("PICTURE"));
    assert!(screen(later(0, 1.0)).contains("seen 0 s ago") && screen(later(44, 1.0)).contains("seen 44 s ago"));
    let stuck = screen(later(400, 1.0));
    for words in ["✘ PICTURE 6 min 40 s old: the engine does not answer", "data STALE, 8 min 10 s old", "RDS STALE"] {
        assert!(stuck.contains(words), "{words} in\n{stuck}");
    }
    assert!(!screen(later(60, 60.0)).contains("PICTURE"), "a second of the machine is no reason to worry");
}

#[test]
fn the_charts_say_what_time_it_is() {
    let snapshot = Arc::new(snapshot());
    let screen = |keys: &str| text(&drawn(120, 40, &snapshot, &after(&snapshot, keys), false));
    assert!(screen("").contains("last 1 h") && screen("").contains("09:00") && screen("").contains("now"));
    assert!(screen("").contains("? would scale"), "the marks are explained where they are");
    let frozen = screen("f");
    assert!(frozen.contains("1 h to 09:06") && frozen.contains("FROZEN 0 s AGO, at 09:06:30"), "{frozen}");
    let mut state = UiState { back_secs: 8 * 3_600, ..UiState::default() };
    let back = text(&drawn(120, 40, &snapshot, &state, false));
    assert!(back.contains("1 h to 01:06") && !back.contains("? would scale"), "{back}");
    state.back_secs = 10 * 3_600;
    assert!(text(&drawn(120, 40, &snapshot, &state, false)).contains("2026-01-04 23:06"), "another day is named");
}

#[test]
fn what_a_dialog_asks_for_is_never_out_of_sight() {
    let mut many = trouble();
    for number in 0..30 {
        let mut view = many.databases[0].clone();
        view.policy.database = crate::model::database::DatabaseName::new(format!("shard-{number}"));
        many.databases.push(view);
    }
    let blocked = &mut many.databases[0].plans[0];
    blocked.blocked_by = (0..40).map(|number| format!("closed gate number {number}")).collect();
    let many = Arc::new(many);
    let long = "because it is needed ".repeat(6);
    for keys in [format!("a{long}"), format!("u{long}<tab>{long}"), format!("H{long}"), "o".into(), "R".into()] {
        let state = after(&many, &keys);
        let screen = text(&drawn(80, 24, &many, &state, false));
        assert!(
            screen.contains("wait a moment") || screen.contains("Enter confirms, Esc goes back"),
            "{keys}:\n{screen}"
        );
        if keys.starts_with(['a', 'u', 'H']) {
            assert!(screen.contains("reason: because"), "{keys}:\n{screen}");
        }
    }
    let state = after(&many, "a");
    assert!(text(&drawn(80, 24, &many, &state, false)).contains("PageDown"), "the rest can be scrolled to");
}

#[test]
fn several_databases_show_at_once_and_the_marked_panel_is_the_one_that_scrolls() {
    let many = Arc::new(trouble());
    let screen = text(&drawn(120, 40, &many, &after(&many, "n"), false));
    assert!(screen.contains("> orders") && screen.contains("  ledger"), "{screen}");
    assert!(screen.contains("orders: writes, writes/s"), "{screen}");
    let mut ruled = snapshot();
    let rules = &mut ruled.databases[0].decision.as_mut().unwrap().rules;
    *rules = std::iter::repeat_n(rules[0].clone(), 20).collect();
    let driven = drive(&ruled, keys("<tab><tab><down>").into_iter(), (80, 24));
    assert!(driven.screen.join("\n").contains("1 above"), "{}", driven.screen.join("\n"));
    assert!(driven.screen.join("\n").contains("┌> engine"), "the marked one is told without colour");
    assert_eq!(UiState::default().panel, Panel::Journal);
    let mut long = snapshot();
    long.tail = std::iter::repeat_n(long.tail, 9).flatten().collect();
    let driven = drive(&long, keys("<up>").into_iter(), (80, 24));
    assert!(driven.screen.join("\n").contains("1 newer below"), "{}", driven.screen.join("\n"));
}

#[test]
fn a_database_that_is_not_seen_is_never_called_steady() {
    let mut many = trouble();
    let decision = many.databases[0].decision.clone();
    let unseen = &mut many.databases[2];
    unseen.decision = decision;
    unseen.decision.as_mut().unwrap().verdict = crate::model::decision::Verdict::Hold;
    (unseen.state, unseen.state_at) = (None, None);
    unseen.series.clear();
    let many = Arc::new(many);
    let screen = text(&drawn(120, 40, &many, &after(&many, "nn"), false));
    for words in
        ["data 1 min 30 s old (1 without), RDS 0 s old (1 without)", "✘ OUT OF SIGHT", "hold: the database is out"]
    {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
}

#[test]
fn impossible_values_that_were_left_out_are_told() {
    let mut odd = snapshot();
    for (name, rejected) in [("writes", 3), ("cpu", 1)] {
        let series = odd.databases[0].series.get_mut(&crate::model::series::SignalName::new(name)).unwrap();
        Arc::make_mut(series).rejected = rejected;
    }
    let screen = text(&drawn(120, 40, &odd, &UiState::default(), false));
    for words in ["writes: 3 impossible values left", "cpu: 1 impossible value left out"] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
}

#[test]
fn no_key_is_bound_twice_and_each_has_help() {
    for (at, binding) in BINDINGS.iter().enumerate() {
        assert!(!binding.help.is_empty());
        assert!(BINDINGS[..at].iter().all(|other| other.chord != binding.chord), "{}", binding.chord.name());
    }
    let state = UiState { mode: Mode::Help, ..UiState::default() };
    let help = text(&drawn(80, 24, &fixtures::snapshot(), &state, false));
    for binding in &BINDINGS {
        assert!(help.contains(binding.help), "{} in\n{help}", binding.help);
    }
    assert!(help.contains("? would scale"), "{help}");
    let footer = text(&drawn(80, 24, &fixtures::snapshot(), &UiState::default(), false));
    assert!(footer.ends_with("q quit"), "the way out is in sight: {footer}");
}

#[test]
fn the_readme_tells_every_key_and_no_other() {
    let (_, table) = include_str!("../../../README.md").split_once("## Keys").unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let mut told: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let mut bound: Vec<String> = BINDINGS.iter().map(|binding| binding.chord.name()).collect();
    told.sort_unstable();
    bound.sort_unstable();
    assert_eq!(told, bound);
}

#[test]
fn readers_of_application_auto_scaling_are_told_together_with_what_it_has_last_done() {
    let mut snapshot = fixtures::snapshot();
    let view = &mut snapshot.databases[0];
    let member = |name: &str, status: &str| Member {
        name: DatabaseName::new(name),
        resource_id: ResourceId::new(format!("db-{name}")),
        class: InstanceClass::observed("db.t4g.medium"),
        status: InstanceStatus::new(status),
        is_writer: name == "one",
        is_scaled: name.len() > 3,
    };
    let (second, third) = ("application-autoscaling-2", "application-autoscaling-3");
    let members = vec![member("one", "available"), member(second, "available"), member(third, "creating")];
    let cluster = Cluster {
        kind: ClusterKind::Aurora,
        resource_id: ResourceId::new("cluster-1"),
        members,
        tags: std::collections::BTreeMap::new(),
    };
    view.state.as_mut().unwrap().cluster = Some(cluster);
    view.policy.readers = Some(ReadersPolicy {
        min: 1,
        max: 4,
        metric: ReaderMetric::Connections,
        target: 60.0,
        scale_in_cooldown: Duration::ZERO,
        scale_out_cooldown: Duration::ZERO,
    });
    let reason = NotScaledReason { code: "AlreadyAtMaxCapacity".into(), max: Some(4), min: None, current: None };
    view.newest_scaling = Some(ScalingActivity {
        id: "1".into(),
        began: snapshot.at,
        status: "Failed".into(),
        description: "Attempting to scale due to alarm triggered".into(),
        because: "an alarm".into(),
        message: None,
        not_scaled: vec![reason],
    });
    let screen = text(&drawn(200, 60, &snapshot, &UiState::default(), false));
    for words in [
        "one writes: db.t4g.medium",
        "of AWS's scaling read: 1 db.t4g.medium; 1 db.t4g.medium, creating",
        "readers by AWS: 1 to 4, connections near 60",
        "not scaled: already at the most, 4 (AlreadyAtMaxCapacity), 0 s ago",
    ] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    assert!(!screen.contains("application-autoscaling-2"), "{screen}");
}
