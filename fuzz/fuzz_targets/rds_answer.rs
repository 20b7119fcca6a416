//! Fuzzes `targets::rds_answer`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| upshift_fuzz::targets::rds_answer::run(bytes));
