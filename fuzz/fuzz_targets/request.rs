//! Fuzzes `targets::request`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| upshift_fuzz::targets::request::run(bytes));
