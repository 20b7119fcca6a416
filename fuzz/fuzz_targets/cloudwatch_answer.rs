//! Fuzzes `targets::cloudwatch_answer`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| upshift_fuzz::targets::cloudwatch_answer::run(bytes));
