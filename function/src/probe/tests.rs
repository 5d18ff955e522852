//! Probes against listeners that answer by hand.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
};

use super::*;

/// A site on loopback: what it answers to a request, and how many connections it took.
struct Place {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Place {
    /// Answers each request head with what `answer` makes of it; an empty answer leaves the visitor waiting.
    async fn serve(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (answer, counter) = (Arc::new(answer), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let mut head = vec![0; 8192];
                    let read = stream.read(&mut head).await.unwrap_or_default();
                    let told = answer(&String::from_utf8_lossy(&head[..read]));
                    if told.is_empty() {
                        std::future::pending::<()>().await;
                    }
                    let _ = stream.write_all(told.as_bytes()).await;
                });
            }
        });
        Self { address, connections }
    }

    /// Always answers this.
    async fn says(answer: String) -> Self {
        Self::serve(move |_| answer.clone()).await
    }

    fn url(&self) -> Url {
        format!("http://{}/", self.address).parse().unwrap()
    }
}

/// An address where nobody listens: taken, so that nobody else gets it meanwhile.
fn nowhere() -> Url {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = Box::leak(Box::new(socket)).local_addr().unwrap();
    format!("http://{address}/").parse().unwrap()
}

fn response(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn redirect(to: &str) -> String {
    response(302, &format!("location: {to}\r\n"), "")
}

fn site(public: &Url, standby: &Url) -> Targets {
    Targets {
        public: Some(public.clone()),
        witness: Witness::Origin,
        standby: Some(standby.clone()),
        primary: None,
        connect: None,
        by_name: false,
        expect: Expect { status: 200, contains: "primary".to_owned() },
        standby_expect: Expect { status: 200, contains: "standby".to_owned() },
    }
}

fn prober() -> Prober {
    Prober::new(Duration::from_millis(400))
}

/// What the public URL's answer means; `{public}` in the expectation stands for its address.
#[track_caller]
fn check(answer: &Answer, public: &Url, expected: &str) {
    let told = match &answer.served {
        Served::By(who) => format!("by {who}"),
        Served::Silent(why) => format!("silent: {why}"),
        Served::Unknown(why) => format!("unknown: {why}"),
    };
    assert_eq!(told.replace(public.as_str(), "{public}"), expected);
}

async fn check_public(answer: String, expected: &str) {
    let place = Place::says(answer).await;
    let seen = prober().public(&site(&place.url(), &nowhere())).await;
    check(&seen, &place.url(), expected);
}

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
