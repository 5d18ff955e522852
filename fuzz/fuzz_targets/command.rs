//! What a commands subscription may carry. What was read once reads again as the same.
#![no_main]

use failover_core::Command;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Command::read(bytes);
    let _ = failover_core::is_meant_as_command(bytes);
});
