//! A journal entry, as a broken store might give it back. What was read is written and read as the same.
#![no_main]

use failover_core::{Entry, SiteName};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let site: SiteName = "resume".parse().expect("a name");
    if let Ok(entry) = Entry::read(bytes, &site, 1) {
        let again = Entry::read(&entry.to_bytes(), &site, 1).expect("what was written reads");
        assert_eq!(again, entry);
    }
});
