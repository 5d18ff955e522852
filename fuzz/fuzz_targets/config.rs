//! A configuration, as an operator might write it.
#![no_main]

use cloud_failover::config::{Config, Environment, Purpose};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let environment = Environment::of(Purpose::Serve, &[("CLOUDFLARE_API_TOKEN", "token")]);
    if let Err(problems) = Config::read(text, &environment) {
        assert!(problems.sentences().next().is_some(), "refused without a reason");
    }
});
