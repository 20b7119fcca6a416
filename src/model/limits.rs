//! Limits that more than one room must agree on.

use std::time::Duration;

use jiff::SignedDuration;

/// The oldest description of a database that still says something, to a gate and to a person who reads the screen: eight
/// missed looks at the default rhythm.
pub const STATE_LIMIT: SignedDuration = SignedDuration::from_secs(120);

/// From here on (of the machine) a look that AWS has not answered is spoken of, in the console and in the log: an answer
/// takes a fraction of a second.
pub const SLOW_LOOK: Duration = Duration::from_secs(5);

/// A read within a look that takes longer (of the machine) is given up, and so are all questions for offers together.
pub const LOOK_READ_LIMIT: Duration = Duration::from_mins(1);

/// The longest that a look can take (of the machine): the databases are read when all else has ended.
pub const LONGEST_LOOK: Duration = LOOK_READ_LIMIT.saturating_mul(2);

/// A mutating call: the only attempt (of the machine). Long, because giving up leaves an unknown outcome; below the 15 s
/// in which an ending process must be gone.
pub const MUTATION_LIMIT: Duration = Duration::from_secs(12);

/// An ending process waits this long (of the machine) for all that is out together: poolers that let their clients go on, and
/// the answers to calls.
pub const LAST_ANSWER: Duration = MUTATION_LIMIT.saturating_add(Duration::from_millis(500));

/// Then this long for giving the lease back.
pub const GIVE_BACK: Duration = Duration::from_secs(1);

/// And this long until what waits is told to people.
pub const LAST_WORDS: Duration = Duration::from_secs(1);

// An ending process must be gone within fifteen seconds, and half of one is for what else an end takes.
const _: () = assert!(LAST_ANSWER.as_millis() + GIVE_BACK.as_millis() + LAST_WORDS.as_millis() <= 14_500);
