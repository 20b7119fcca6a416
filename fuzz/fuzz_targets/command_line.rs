//! Fuzzes `targets::command_line`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| upshift_fuzz::targets::command_line::run(bytes));
