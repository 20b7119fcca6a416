//! The control socket: the same protocol over a Unix socket, for consoles and `upshift ctl` in other processes.
//!
//! ```text
//!   client ── connect ──────────────────────► serve (one task for each connection)
//!          ◄── Hello: process, role, nonce ──┤ peer: who the kernel says it is; access: the role of that one
//!          ── Ask: watch │ look │ order ────►│ within two seconds
//!          ◄── Snapshot … │ Snapshot │ Reply ┤
//! ```
//!
//! `log` sets how much the process tells in its log, `pace` how fast one user's orders become records. A connection carries one
//! request: a process that passes its end on, or gives up rights, keeps the credentials that the kernel noted when it
//! connected. There is no TCP.

mod access;
mod attach;
mod call;
mod guest;
mod log;
mod pace;
mod peer;
mod pictures;
mod place;
mod serve;
mod wire;

pub use access::{Access, AccessError};
pub use attach::{Attached, attach};
pub use call::{AttachError, ask, knock, look};
pub use log::{SetLog, set_log};
pub use peer::account;
pub use place::{Bound, PlaceError, SYSTEM_PLACE, bind, of_state};
pub use serve::{About, serve};
pub use wire::Hello;
