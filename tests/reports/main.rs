//! What went wrong for people who do this job, as public reports tell it, played by the real binary on the sandbox.
//!
//! One file a case below `cases`, in the vocabulary of `cloudflare.rs` and `google.rs`: what the clouds hold and answer, what
//! happens in which order, and what a person is to see in the end. `what` says what it is about, `source` where it was
//! reported; names and addresses are made up. `cargo test -p cloud-failover --test reports NAME` plays one.
//!
//! Nothing here waits to hope: a case's own waits are seconds that its story tells of.

mod broken;
mod cloudflare;
mod expect;
mod google;
mod stage;

use std::collections::BTreeSet;

/// Cases that are not as they should be yet, and what is missing. One that begins to pass has to leave this table.
const NOT_YET: &[(&str, &str)] = &[];

/// Asserts that a case is as it should be, or as it still is.
#[track_caller]
fn judge(name: &str, complaints: &[String], transcript: &str) {
    match NOT_YET.iter().find(|(known, _)| *known == name) {
        None => assert!(complaints.is_empty(), "{complaints:#?}\n{transcript}"),
        Some((_, missing)) => {
            assert!(!complaints.is_empty(), "{name} passes: take it off the table ({missing})");
        }
    }
}

/// A test for each case of a folder, and one that none of its files is left out.
macro_rules! cases {
    ($kind:ident: $($name:ident $file:literal)*) => {
        mod $kind {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    let (complaints, transcript) = crate::$kind::play($file).await;
                    crate::judge($file, &complaints, &transcript);
                }
            )*

            #[test]
            fn every_file_is_played() {
                crate::assert_complete(stringify!($kind), &[$($file),*]);
            }
        }
    };
}

#[track_caller]
fn assert_complete(kind: &str, played: &[&str]) {
    let folder = format!("{}/../tests/reports/cases/{kind}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).expect("the cases").map(|file| file.expect("a file").file_name());
    let files: BTreeSet<String> =
        files.map(|name| name.to_string_lossy().trim_end_matches(".json").to_owned()).collect();
    assert_eq!(files, played.iter().map(|name| (*name).to_owned()).collect());
}

mod played {
    cases! { cloudflare:
        aaaa_long_form_check "aaaa-long-form-check"
        aaaa_long_form "aaaa-long-form"
        account_token_check "account-token-check"
        api_back_after_edge "api-back-after-edge"
        bot_fight_alert "bot-fight-alert"
        cached_primary_url "cached-primary-url"
        cached_site_failback "cached-site-failback"
        dead_ipv6 "dead-ipv6"
        entrypoint_404_check "entrypoint-404-check"
        healthy_always_https "healthy-always-https"
        healthy_cached "healthy-cached"
        html_4xx "html-4xx"
        idn_cname_content "idn-cname-content"
        page_rule_gone_check "page-rule-gone-check"
        query_lost_check "query-lost-check"
        record_error_text "record-error-text"
        redirect_circle_check "redirect-circle-check"
        refused_undo_stuck "refused-undo-stuck"
        target_by_function_check "target-by-function-check"
        throttled_971 "throttled-971"
        two_records_half_dark "two-records-half-dark"
        watch_captive_portal "watch-captive-portal"
        watch_challenged "watch-challenged"
        wildcard_shadowed_check "wildcard-shadowed-check"
        zone_paused_check "zone-paused-check"
    }

    cases! { google:
        check_id_in_the_filter "check-id-in-the-filter"
        closed_before_open "closed-before-open"
        conflict_that_stays "conflict-that-stays"
        create_answered_409 "create-answered-409"
        dead_letter_replayed "dead-letter-replayed"
        deleted_member_refused "deleted-member-refused"
        many_open_incidents "many-open-incidents"
        promql_not_listed "promql-not-listed"
        reconcile_redelivered_on_standby "reconcile-redelivered-on-standby"
        reconcile_redelivered "reconcile-redelivered"
        token_of_another "token-of-another"
        uptime_without_metric "uptime-without-metric"
    }
}
