//! Places that are asked at addresses of their own, and names that lead to either.

use super::*;

#[tokio::test]
async fn nobody_there_and_nobody_answering_are_silence() {
    let gone = nowhere();
    let answer = prober().public(&site(&gone, &gone)).await;
    check(&answer, &gone, "silent: {public} gave no answer: Connection refused (os error 111)");
    let mute = Place::says(String::new()).await;
    let answer = prober().public(&site(&mute.url(), &gone)).await;
    check(&answer, &mute.url(), "silent: {public} gave no answer within 400ms");
    let torn = Place::says("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nprim".to_owned()).await;
    let answer = prober().public(&site(&torn.url(), &gone)).await;
    assert!(
        matches!(&answer.served, Served::Silent(why) if why.contains("broke off its answer")),
        "{answer:?}"
    );
    check_public(
        "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        "silent: {public} gave no answer: HTTP failed: invalid HTTP version parsed",
    )
    .await;
}

#[tokio::test]
async fn an_endless_body_is_read_no_further_than_a_mebibyte() {
    let body = "x".repeat(3 << 20) + "primary";
    check_public(response(200, "", &body), "silent: {public} answered without \"primary\"").await;
}

#[tokio::test]
async fn a_place_at_its_own_address_may_not_lead_away() {
    let standby = Place::says(response(200, "", "standby")).await;
    let own = Place::serve(|head| {
        if head.starts_with("GET /?") { redirect("/home") } else { response(200, "", "primary") }
    })
    .await;
    let mut targets = site(&nowhere(), &standby.url());
    targets.primary = Some(own.url());
    check(&prober().primary(&targets).await, &own.url(), "by primary");
    check(&prober().standby(&targets).await, &own.url(), "by standby");
    let leaving = Place::says(redirect(standby.url().as_str())).await;
    targets.primary = Some(leaving.url());
    let answer = prober().primary(&targets).await;
    check(&answer, &leaving.url(), &format!("unknown: {{public}} leads away to {}", standby.url()));
}

#[tokio::test]
async fn a_place_without_an_address_is_not_asked() {
    let gone = nowhere();
    let targets = Targets { standby: None, ..site(&gone, &gone) };
    check(&prober().primary(&targets).await, &gone, "unknown: there is no primary_url");
    check(&prober().standby(&targets).await, &gone, "unknown: there is no standby_url");
}

#[tokio::test]
async fn the_primary_is_reached_past_the_name_with_the_hosts_own_header() {
    let primary = Place::serve(|head| {
        let right = head.to_ascii_lowercase().contains("\r\nhost: will.gleich.test:8443\r\n");
        response(200, "", if right { "primary" } else { "a stranger" })
    })
    .await;
    let public: Url = "http://will.gleich.test:8443/".parse().unwrap();
    let mut targets = site(&public, &nowhere());
    targets.connect = Some(primary.address.to_string().parse().unwrap());
    let prober = prober();
    check(&prober.primary(&targets).await, &public, "by primary");
    targets.primary = Some(public.clone());
    check(&prober.primary(&targets).await, &public, "by primary");
    let number: Url = "http://192.0.2.1:8443/".parse().unwrap();
    let answer = prober.primary(&Targets { primary: Some(number.clone()), ..targets.clone() }).await;
    check(&answer, &number, "silent: {public} answered without \"primary\"");
    let plain: Url = "http://will.gleich.test/".parse().unwrap();
    let answer = prober.primary(&Targets { primary: Some(plain.clone()), ..targets }).await;
    check(&answer, &plain, "silent: {public} answered without \"primary\"");
}

#[tokio::test]
async fn a_connection_is_the_answer_of_a_tcp_address() {
    let listening = Place::says(String::new()).await;
    let tcp = |url: &Url| -> Url { url.as_str().replace("http:", "tcp:").parse().unwrap() };
    let (here, gone) = (tcp(&listening.url()), tcp(&nowhere()));
    let targets = Targets { primary: Some(here.clone()), ..site(&here, &gone) };
    check(&prober().public(&targets).await, &here, "by primary");
    check(&prober().primary(&targets).await, &here, "by primary");
    check(
        &prober().standby(&targets).await,
        &gone,
        "silent: {public} gave no answer: Connection refused (os error 111)",
    );
    let moved = Targets { standby: Some(here.clone()), ..targets };
    check(&prober().public(&moved).await, &here, "by standby");
    let portless: Url = "tcp://127.0.0.1".parse().unwrap();
    let answer = prober().standby(&Targets { standby: Some(portless.clone()), ..moved }).await;
    assert!(matches!(&answer.served, Served::Unknown(why) if why.contains("tcp://host:port")), "{answer:?}");
}

#[test]
fn what_is_shown_of_a_url_holds_no_password_and_no_query() {
    let url = "https://user:pass@[::1]:8443/a?failover-probe=1#x".parse().unwrap();
    assert_eq!(shown(&url), "https://[::1]:8443/a");
}

/// A host name that leads to either place: the answer itself says which.
async fn check_named(headers: &str, body: &str, expected: &str) {
    let place = Place::says(response(200, headers, body)).await;
    let served_by = ServedBy {
        header: "x-place".parse().unwrap(),
        primary: "home".into(),
        standby: "cloud".into(),
        by_gate: false,
        bridged: false,
    };
    let targets = Targets { witness: Witness::Header(served_by), ..site(&place.url(), &nowhere()) };
    check(&prober().public(&targets).await, &place.url(), expected);
}

#[tokio::test]
async fn where_one_name_serves_both_the_answer_says_who_gave_it() {
    check_named("X-Place: home\r\n", "the primary", "by primary").await;
    check_named("x-place: cloud\r\n", "the standby", "by standby").await;
    let unlike = "silent: {public} answered without \"standby\"";
    check_named("x-place: cloud\r\n", "the primary", unlike).await;
}

#[tokio::test]
async fn an_answer_that_does_not_say_who_gave_it_is_neither_silence_nor_proof() {
    let anonymous = "unknown: {public} answered without \"x-place: home\" or \"x-place: cloud\"";
    check_named("", "the primary", anonymous).await;
    check_named("x-place: elsewhere\r\n", "the primary", anonymous).await;
    check_named("", "parked", "silent: {public} answered without \"primary\"").await;
}

#[tokio::test]
async fn an_answer_at_an_address_of_its_own_need_not_say_who_gave_it_but_may_belie_it() {
    for (headers, body, expected) in [
        ("", "the standby", "by standby"),
        ("x-place: cloud\r\n", "the standby", "by standby"),
        ("x-place: home\r\n", "the standby", "by primary"),
    ] {
        let place = Place::says(response(200, headers, body)).await;
        let served_by = ServedBy {
            header: "x-place".parse().unwrap(),
            primary: "home".into(),
            standby: "cloud".into(),
            by_gate: false,
            bridged: false,
        };
        let targets = Targets { witness: Witness::Header(served_by), ..site(&nowhere(), &place.url()) };
        check(&prober().standby(&targets).await, &place.url(), expected);
    }
}

#[tokio::test]
async fn a_site_without_a_public_url_is_not_asked() {
    let targets = Targets { public: None, ..site(&nowhere(), &nowhere()) };
    check(&prober().public(&targets).await, &nowhere(), "unknown: there is no public_url");
}

#[tokio::test]
async fn an_identity_that_the_standby_refuses_is_not_shown_again() {
    for (status, is_kept) in [(200, true), (401, false), (403, false), (503, true)] {
        let place = Place::says(response(status, "", "the standby")).await;
        let (prober, targets) = (prober(), site(&nowhere(), &place.url()));
        prober.identities.prepare(&place.url()).await;
        let shown = Some(http::HeaderValue::from_static("Bearer anothers"));
        prober.at_the_standby(&place.url(), &targets, shown).await;
        assert_eq!(prober.identities.keeps(&place.url()).await, is_kept, "{status}");
        prober.identities.prepare(&place.url()).await;
        prober.standby_as_a_stranger(&targets).await;
        assert!(prober.identities.keeps(&place.url()).await, "a stranger shows nothing");
    }
}

#[tokio::test]
async fn a_gate_is_told_the_probe_and_believed_where_it_repeats_it() {
    let gate = Place::serve(|head| {
        let probe = head.lines().find_map(|line| line.strip_prefix("failover-probe: ")).unwrap_or_default();
        let standby = format!("failover-served-by: standby\r\nfailover-probe: {probe}\r\n");
        response(200, &standby, "the standby")
    })
    .await;
    let behind = |place: &Place, bridged| Targets {
        witness: Witness::Header(ServedBy::gate(bridged)),
        ..site(&place.url(), &nowhere())
    };
    check(&prober().public(&behind(&gate, true)).await, &gate.url(), "by standby");
    let kept = "failover-served-by: standby\r\nfailover-probe: an earlier one\r\n";
    let kept = Place::says(response(200, kept, "the primary")).await;
    let told = "unknown: {public} answered without \"failover-served-by: primary\" or \"failover-served-by: standby\"";
    check(&prober().public(&behind(&kept, true)).await, &kept.url(), told);
    let home = Place::says(response(200, "", "the primary")).await;
    check(&prober().public(&behind(&home, false)).await, &home.url(), "by primary");
    let nobody = Place::says(response(503, "failover-served-by: edge\r\n", "the primary")).await;
    check(
        &prober().public(&behind(&nobody, true)).await,
        &nobody.url(),
        "silent: {public} answered 503, not 200",
    );
}
