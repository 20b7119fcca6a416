//! `config.toml`: text in, validated settings out, or every problem with its place.
