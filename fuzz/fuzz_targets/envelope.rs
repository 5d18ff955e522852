//! The body of a push, as anybody on the internet might send it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = cloud_failover::push::envelope::read(bytes);
});
