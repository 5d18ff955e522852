//! What an alerts subscription may carry.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = failover_core::Notification::read(bytes);
});
