//! What is no entry is refused, and what is a damaged one harms nothing.

use failover_core::{Entry, UnreadableEntry};
use proptest::prelude::*;

use crate::{
    config,
    world::{journal, site},
};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Entry::read(&bytes, &site(), 1).is_err());
    }

    #[test]
    fn a_damaged_entry_is_read_or_refused(
        written in journal(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let Some(entry) = written.entries.last() else { return Ok(()) };
        let mut bytes = entry.to_bytes();
        let place = place.index(bytes.len());
        if cut {
            bytes.truncate(place);
            prop_assert!(Entry::read(&bytes, &site(), entry.number).is_err());
        } else {
            bytes[place] = byte;
            let _ = Entry::read(&bytes, &site(), entry.number);
        }
    }

    #[test]
    fn a_later_version_is_refused_by_its_number(written in journal(), version in 2..=u32::MAX, changed in any::<bool>()) {
        let Some(entry) = written.entries.last() else { return Ok(()) };
        let mut value = serde_json::to_value(entry).expect("JSON");
        value["v"] = version.into();
        if changed {
            value["event"] = serde_json::json!({ "type": "of a later time" });
            value["state"] = serde_json::Value::Null;
        }
        let refused = Entry::read(value.to_string().as_bytes(), &site(), entry.number).expect_err("a later version");
        prop_assert!(matches!(refused, UnreadableEntry::Newer(v) if v == version), "{}", refused);
        let sentence = format!(
            "it has version {version}, which a later release wrote, and this one reads versions up to 1; deploy that release again"
        );
        prop_assert_eq!(refused.to_string(), sentence);
    }
}
