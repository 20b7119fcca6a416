//! Whole screens as text with their styles.

use std::fmt::Write;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::fixture;
use super::options::ConsoleOptions;
use super::scenario_tests::type_keys;
use super::state::UiState;
use super::theme::Look;
use super::view::view;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn screen(keys: &str, (width, height): (u16, u16), options: ConsoleOptions) -> Buffer {
    let snapshot = Arc::new(fixture::snapshot());
    let mut state = UiState::new(fixture::now());
    type_keys(&mut state, &snapshot, keys);
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view(&snapshot, &state, &Look::new(options), &mut buffer);
    buffer
}

fn options(ascii: bool) -> ConsoleOptions {
    ConsoleOptions { ascii, ..ConsoleOptions::default() }
}

/// The text of a screen, then per row the runs of cells that are styled.
fn styled(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let (mut text, mut styles) = (String::new(), String::new());
    for (y, row) in buffer.content.chunks(width).enumerate() {
        let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        writeln!(text, "{}", line.trim_end()).unwrap();
        let mut runs = String::new();
        let mut x = 0;
        for run in row.chunk_by(|a, b| a.style() == b.style()) {
            let style = run[0].style();
            if (style.fg, style.add_modifier) != (Some(Color::Reset), Style::new().add_modifier) {
                write!(runs, " {x}-{} {:?}", x + run.len() - 1, style.fg.unwrap_or_default()).unwrap();
                if !style.add_modifier.is_empty() {
                    write!(runs, "+{:?}", style.add_modifier).unwrap();
                }
            }
            x += run.len();
        }
        if !runs.is_empty() {
            writeln!(styles, "{y:>2}:{runs}").unwrap();
        }
    }
    format!("{text}\n{styles}")
}

#[test]
fn the_screen_in_every_size_and_character_set() {
    for size in SIZES {
        for ascii in [false, true] {
            let set = if ascii { "ascii" } else { "unicode" };
            insta::assert_snapshot!(
                format!("normal_{}x{}_{set}", size.0, size.1),
                styled(&screen("", size, options(ascii)))
            );
        }
    }
}

#[test]
fn dialogs_panels_and_help() {
    for (name, keys) in [("scale", "uload is high"), ("hold", "H<right>"), ("help", "?"), ("engine", "<tab><tab>")] {
        for ascii in [false, true] {
            let set = if ascii { "ascii" } else { "unicode" };
            insta::assert_snapshot!(format!("{name}_80x24_{set}"), styled(&screen(keys, SIZES[0], options(ascii))));
        }
    }
}

#[test]
fn ascii_mode_keeps_no_other_character_anywhere() {
    for keys in ["", "a", "u", "o", "H", "R", "?", "/é", "f<tab>", "<tab><tab>", "<tab><tab><tab>"] {
        for size in SIZES {
            let buffer = screen(keys, size, options(true));
            assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{keys} {size:?}");
        }
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    for keys in ["", "u", "?"] {
        let buffer = screen(keys, SIZES[1], ConsoleOptions { no_color: true, ..ConsoleOptions::default() });
        assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    }
}

#[test]
fn every_size_is_survived_and_small_ones_say_so() {
    for keys in ["", "u", "?", "<tab>", "<tab><tab>", "<tab><tab><tab>"] {
        for (width, height) in (0..=90).step_by(3).flat_map(|width| (0..=40).step_by(2).map(move |h| (width, h))) {
            screen(keys, (width, height), options(false));
        }
    }
    assert!(styled(&screen("", (40, 10), options(false))).contains("terminal too small"));
}

#[test]
fn the_first_screen_answers_the_questions_of_the_night() {
    for size in SIZES {
        let text = styled(&screen("", size, options(false)));
        for wanted in
            ["DISARMED", "SIMULATION", "up 500", "HELD down", "would scale up", "next look in 12 s", "✘ armed"]
        {
            assert!(text.contains(wanted), "{wanted} at {size:?}\n{text}");
        }
    }
}
