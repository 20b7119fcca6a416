//! The evidence of what an engine did, for people who were not there: gathered from the journal, and from what a drill
//! measured, then drawn. [`Gatherer`] folds records into [`Evidence`](evidence::Evidence), plain data, which is also the JSON;
//! [`html`] and [`markdown`] say the same for readers.
//!
//! Everything here is pure. Nothing is guessed: what the journal does not hold is a gap with its reason, and a claim that
//! nobody measured has not passed.

mod acceptance;
pub mod evidence;
mod gather;
mod html;
mod markdown;
mod markup;
mod plot;
mod story;
#[cfg(test)]
mod tests;
mod when;

pub use gather::{Gatherer, NothingThere, Selection};
pub use html::html;
pub use markdown::markdown;
