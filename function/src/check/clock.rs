//! This machine's clock, compared with Google's: tokens and the age of incidents are judged by it.

use jiff::{SignedDuration, Timestamp};

use crate::clouds::Problem;

/// So far apart is no matter: tokens allow for it, and orders are compared in whole seconds.
const ALLOWED: SignedDuration = SignedDuration::from_secs(10);

/// Whether `here`, read at about the same time as `there` was said, is too far from it.
pub(super) fn of_skew(here: Timestamp, there: Timestamp) -> Option<Problem> {
    let skew = here.duration_since(there);
    (skew.abs() > ALLOWED).then(|| {
        let way = if skew.is_negative() { "behind" } else { "ahead" };
        let sentence = format!(
            "this machine's clock is {} {way} of Google's: tokens look expired, and old incidents fresh or fresh ones old",
            failover_core::span(skew.abs())
        );
        Problem::critical(sentence, "timedatectl set-ntp true")
    })
}
