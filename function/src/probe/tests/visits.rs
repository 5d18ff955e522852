//! What a visitor of the public URL meets.

use super::*;

#[tokio::test]
async fn an_answer_at_the_public_origin_is_the_primarys() {
    check_public(response(200, "", "the primary"), "by primary").await;
    check_public(response(502, "", "the primary"), "silent: {public} answered 502, not 200").await;
    check_public(response(200, "", "parked"), "silent: {public} answered without \"primary\"").await;
}

#[tokio::test]
async fn a_redirect_to_the_standby_is_the_standbys_answer_and_its_life_is_kept() {
    let standby = Place::says(response(200, "", "the standby")).await;
    let to = standby.url();
    let public =
        Place::says(response(302, &format!("location: {to}x?y\r\ncache-control: max-age=60\r\n"), "")).await;
    let answer = prober().public(&site(&public.url(), &to)).await;
    assert_eq!(
        answer,
        Answer { redirect_lives: Some(Duration::from_mins(1)), ..Answer::of(Served::By(Position::Standby)) }
    );
}

#[tokio::test]
async fn only_the_redirect_into_the_standby_is_remembered() {
    let standby = Place::serve(|head| {
        let moved = response(301, "location: /home\r\n", "");
        if head.starts_with("GET /home") { response(200, "", "the standby") } else { moved }
    })
    .await;
    let to = standby.url();
    let public = Place::serve({
        let to = to.clone();
        move |head| {
            let first = head.starts_with("GET /?");
            if first { response(301, "location: /www\r\n", "") } else { redirect(to.as_str()) }
        }
    })
    .await;
    let answer = prober().public(&site(&public.url(), &to)).await;
    assert_eq!(answer, Answer::of(Served::By(Position::Standby)));
}

#[tokio::test]
async fn a_standby_that_is_still_closed_is_silent() {
    let standby = Place::says(response(403, "", "forbidden")).await;
    let public = Place::says(redirect(standby.url().as_str())).await;
    let targets = site(&public.url(), &standby.url());
    check(&prober().public(&targets).await, &standby.url(), "silent: {public} answered 403, not 200");
    check(&prober().standby(&targets).await, &standby.url(), "silent: {public} answered 403, not 200");
}

#[tokio::test]
async fn a_visit_that_ends_elsewhere_proves_nothing() {
    let stranger = Place::says(response(200, "", "primary and standby")).await;
    let public = Place::says(redirect(stranger.url().as_str())).await;
    let answer = prober().public(&site(&public.url(), &nowhere())).await;
    let expected =
        format!("unknown: {{public}} leads to {}, which is neither primary nor standby", stranger.url());
    check(&answer, &public.url(), &expected);
    assert_eq!(stranger.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn five_redirects_are_followed_and_no_sixth() {
    let hops = |most: usize| {
        move |head: &str| {
            let hop: usize = head[5..].split([' ', '?']).next().unwrap_or_default().parse().unwrap_or(0);
            if hop < most { redirect(&format!("/{}", hop + 1)) } else { response(200, "", "primary") }
        }
    };
    let five = Place::serve(hops(5)).await;
    check(&prober().public(&site(&five.url(), &nowhere())).await, &five.url(), "by primary");
    let six = Place::serve(hops(6)).await;
    let answer = prober().public(&site(&six.url(), &nowhere())).await;
    check(&answer, &six.url(), "silent: {public} redirects more than 5 times");
}

#[tokio::test]
async fn cloudflares_cache_is_no_answer_and_its_challenge_neither_silence_nor_proof() {
    for cached in ["HIT", "stale", "Updating"] {
        let answer = response(200, &format!("cf-cache-status: {cached}\r\n"), "primary");
        check_public(answer, &format!("unknown: {{public}} was answered from Cloudflare's cache ({cached})"))
            .await;
    }
    for asked in ["DYNAMIC", "MISS", "BYPASS", "EXPIRED", "REVALIDATED"] {
        check_public(response(200, &format!("cf-cache-status: {asked}\r\n"), "primary"), "by primary").await;
    }
    let challenge = response(403, "cf-mitigated: challenge\r\n", "prove that you are human");
    check_public(challenge, "unknown: {public} was met with a challenge of Cloudflare's").await;
}

#[tokio::test]
async fn a_cached_answer_shows_where_visitors_are_led_though_not_who_lives() {
    let cached = |body: &str| Place::says(response(200, "cf-cache-status: HIT\r\n", body));
    let (page, other) = (cached("primary").await, cached("parked").await);
    let led = async |place: &Place| prober().public(&site(&place.url(), &nowhere())).await.led_to;
    assert_eq!((led(&page).await, led(&other).await), (Some(Position::Primary), None));
}

#[tokio::test]
async fn who_is_refused_knows_nothing_unless_that_is_expected() {
    for refused in [401, 403, 407, 429, 451] {
        let answer = response(refused, "", "primary");
        check_public(answer, &format!("unknown: {{public}} answered {refused}, not 200")).await;
    }
    for broken in [400, 404, 408, 410, 500, 503, 520, 522, 526, 530] {
        let answer = response(broken, "", "primary");
        check_public(answer, &format!("silent: {{public}} answered {broken}, not 200")).await;
    }
    let guarded = Place::says(response(401, "", "primary")).await;
    let mut targets = site(&guarded.url(), &nowhere());
    targets.expect.status = 401;
    check(&prober().public(&targets).await, &guarded.url(), "by primary");
}

#[tokio::test]
async fn a_closed_standby_is_silent_and_one_that_cloudflare_guards_is_unknown() {
    for (headers, expected) in [
        ("server: Google Frontend\r\n", "silent: {public} answered 403, not 200"),
        ("server: cloudflare\r\ncf-ray: 1-FRA\r\n", "unknown: {public} answered 403, not 200"),
    ] {
        let standby = Place::says(response(403, headers, "forbidden")).await;
        let public = Place::says(redirect(standby.url().as_str())).await;
        let answer = prober().public(&site(&public.url(), &standby.url())).await;
        check(&answer, &standby.url(), expected);
    }
}

#[tokio::test]
async fn wherever_a_stranger_is_silent_the_site_is_unknown() {
    for stranger in [nowhere(), Place::says(String::new()).await.url()] {
        let public = Place::says(redirect(stranger.as_str())).await;
        let answer = prober().public(&site(&public.url(), &nowhere())).await;
        let told = format!("{} leads away to {stranger}: ", public.url());
        assert!(matches!(&answer.served, Served::Unknown(why) if why.starts_with(&told)), "{answer:?}");
    }
}

#[tokio::test]
async fn every_place_is_asked_with_a_query_that_no_cache_has_seen() {
    let seen = |head: &str| {
        let asked = head.starts_with("GET /?failover-probe=");
        response(200, if asked { "" } else { "cf-cache-status: HIT\r\n" }, "primary standby")
    };
    let (primary, standby) = (Place::serve(seen).await, Place::serve(seen).await);
    // This redirect loses the query.
    let public = Place::says(redirect(standby.url().as_str())).await;
    let targets = Targets { primary: Some(primary.url()), ..site(&public.url(), &standby.url()) };
    let prober = prober();
    check(&prober.primary(&targets).await, &primary.url(), "by primary");
    check(&prober.standby(&targets).await, &standby.url(), "by standby");
    check(&prober.public(&targets).await, &public.url(), "by standby");
}

#[tokio::test]
async fn a_name_is_looked_up_by_each_probe_and_one_that_is_none_is_no_silence_of_the_site() {
    let none: Url = "http://nowhere.invalid/".parse().unwrap();
    let primary = Place::says(response(200, "", "primary")).await;
    let mut targets = site(&none, &none);
    targets.connect = Some(format!("localhost:{}", primary.address.port()).parse().unwrap());
    let prober = Prober::new(Duration::from_secs(20));
    assert!(matches!(prober.public(&targets).await.served, Served::Unknown(_)));
    check(&prober.primary(&targets).await, &none, "by primary");
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_silence() {
    check_public(response(302, "", ""), "silent: {public} redirects to nowhere").await;
    check_public(redirect("http://["), "silent: {public} redirects to nowhere").await;
}

#[tokio::test]
async fn a_redirect_that_is_expected_is_an_answer_while_it_stays() {
    let public = Place::says(redirect("/login")).await;
    let mut targets = site(&public.url(), &nowhere());
    targets.expect = Expect { status: 302, contains: String::new() };
    check(&prober().public(&targets).await, &public.url(), "by primary");
}

#[tokio::test]
async fn every_public_probe_has_a_query_and_a_connection_of_its_own() {
    let public = Place::serve(|head| {
        let known = head.starts_with("GET /?a=b&failover-probe=");
        response(
            200,
            "connection: keep-alive\r\n",
            if known { head.lines().next().unwrap_or_default() } else { "" },
        )
    })
    .await;
    let mut targets = site(&public.url().join("/?a=b").unwrap(), &nowhere());
    targets.expect.contains = "failover-probe".to_owned();
    let prober = prober();
    for connections in 1..=3 {
        check(&prober.public(&targets).await, &public.url(), "by primary");
        assert_eq!(public.connections.load(Ordering::Relaxed), connections);
    }
}
