//! How many requests are left.

use std::time::Duration;

use crate::azure::quota::Quota;

#[test]
fn it_counts_down_and_begins_anew_when_the_time_is_over() {
    let mut quota = Quota::default();
    assert_eq!([quota.spend_write("s"), quota.spend_write("s")].map(Result::ok), [Some(1199), Some(1198)]);
    assert_eq!([quota.spend_read(), quota.spend_read()], [11_999, 11_998]);
    quota.leave(1, Duration::from_mins(2));
    assert_eq!(quota.spend_write("s").ok(), Some(0));
    let refused = quota.spend_write("s").expect_err("none is left");
    assert_eq!(
        (refused.status, refused.code, refused.retry_after),
        (429, "SubscriptionRequestsThrottled", Some(120))
    );
    assert!(refused.message.contains("for subscription 's'"), "{}", refused.message);
    quota.leave(0, Duration::ZERO);
    assert_eq!(quota.spend_write("s").ok(), Some(1199));
}
