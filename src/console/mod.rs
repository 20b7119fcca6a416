//! The terminal console: a client of the control protocol, and nothing else.
