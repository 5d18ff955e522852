//! Who may push, and through what.

use super::*;

#[test]
fn a_way_of_proving_is_refused_where_it_proves_nothing() {
    refuses_in(
        EXAMPLE,
        ELSEWHERE,
        &[
            "push.verify is \"cloud_run_iam\", but this is not Cloud Run (K_SERVICE is not set), so nobody has checked \
           the token; for example: verify = \"jwt\"",
        ],
    );
    refuses(
        &with("cloud_run_iam", "none"),
        &[
            "push.verify is \"none\", but on Cloud Run (K_SERVICE is set) anybody could push; for example: verify = \
           \"cloud_run_iam\"",
        ],
    );
    let unproven = read(&with("cloud_run_iam", "none"), Purpose::Serve, ELSEWHERE).unwrap();
    assert_eq!(unproven.push.verify, Verify::Nothing);
    let expected = Expected {
        audience: "failover".into(),
        service_account: "failover-push@gleich-tech.iam.gserviceaccount.com".into(),
    };
    assert_eq!(takes(&with("cloud_run_iam", "jwt")).push.verify, Verify::Jwt(expected.clone()));
    assert_eq!(takes(EXAMPLE).push.verify, Verify::CloudRunIam(expected));
}

#[test]
fn without_proof_no_account_is_asked_for() {
    let text =
        with("verify          = \"cloud_run_iam\"\naudience        = \"failover\"", "verify = \"none\"");
    let text = text.replace("service_account = \"failover-push@gleich-tech.iam.gserviceaccount.com\"", "");
    assert!(read(&text, Purpose::Serve, ELSEWHERE).is_ok());
}

#[test]
fn what_a_push_has_to_say_is_checked() {
    refuses(
        &with("\"failover\"\n", "\" \"\n").replace("failover-push@gleich-tech.iam", "failover-push"),
        &[
            "push.audience is empty; for example: audience = \"failover\"",
            "push.service_account is no service account's address; for example: service_account = \
             \"failover-push@acme-prod.iam.gserviceaccount.com\"",
        ],
    );
    refuses(
        &with("subscriptions/failover-alerts", "subscription/failover-alerts")
            .replace("failover-commands", "x"),
        &[
            "push.alerts has an entry that is not of the shape projects/…/subscriptions/…; for example: alerts = \
             [\"projects/acme-prod/subscriptions/failover-alerts\"]",
            "push.commands has an entry that is not of the shape projects/…/subscriptions/…; for example: commands = \
             [\"projects/acme-prod/subscriptions/failover-commands\"]",
        ],
    );
    refuses(
        &with("[\"projects/gleich-tech/subscriptions/failover-alerts\"]", "[]"),
        &[
            "push.alerts is empty; for example: alerts = [\"projects/acme-prod/subscriptions/failover-alerts\"]",
        ],
    );
    refuses(
        &with("[\"projects/gleich-tech/subscriptions/failover-alerts\"]", "\"projects/p/subscriptions/abc\""),
        &[
            "push.alerts is not a list; for example: alerts = [\"projects/acme-prod/subscriptions/failover-alerts\"]",
        ],
    );
}

#[test]
fn no_subscription_carries_both_alerts_and_commands() {
    refuses(
        &with("failover-commands", "failover-alerts"),
        &[
            "push.commands has projects/gleich-tech/subscriptions/failover-alerts, which is in alerts too: whoever may \
           publish an alert could command; for example: commands = \
           [\"projects/acme-prod/subscriptions/failover-commands\"]",
        ],
    );
    let push = takes(EXAMPLE).push;
    let carries = |name: &str| push.carries(&format!("projects/gleich-tech/subscriptions/{name}"));
    assert_eq!(carries("failover-alerts"), Some(Carries::Alerts));
    assert_eq!(carries("failover-commands"), Some(Carries::Commands));
    assert_eq!(carries("other"), None);
}
