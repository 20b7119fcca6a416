//! The journal: append-only evidence, and the memory of the engine.
