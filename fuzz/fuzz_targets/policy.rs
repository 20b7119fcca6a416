//! Fuzzes `targets::policy`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| upshift_fuzz::targets::policy::run(bytes));
