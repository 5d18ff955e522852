//! Every way for a token to be wrong, keys that rotate, and a key server that is down or slow.

use futures::future::join_all;
use jiff::ToSpan;
use sandbox::{
    Aim, Fault, Options, Sandbox, Service,
    tokens::{KEY_SET_PATH, Signer, forged::Forgery, push_claims},
};

use super::*;

/// A door that checks tokens, and the place that publishes its keys.
async fn guarded(verify: &str) -> (Fixture, Sandbox) {
    let sandbox = Sandbox::start(Options { sites: Vec::new(), ..Options::default() }).await.unwrap();
    let jwks = sandbox.url(Service::Jwks).join(KEY_SET_PATH).unwrap();
    let config = config(verify, &format!("[endpoints]\njwks = \"{jwks}\""));
    (Fixture::with(&config, Limits::default(), |_| settled()).await, sandbox)
}

fn claims() -> Value {
    push_claims(AUDIENCE, ACCOUNT, Timestamp::now())
}

async fn comes_out(door: &Fixture, token: &str) -> (u16, String) {
    let (status, body) = door.post(push(COMMANDS, "1", FAILBACK), Some(token)).await;
    (status, body["reason"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_good_token_lets_in_and_its_key_is_fetched_once() {
    let (door, sandbox) = guarded("jwt").await;
    let token = sandbox.world.signer.sign(&claims());
    for _ in 0..5 {
        assert_eq!(comes_out(&door, &token).await.0, 200);
    }
    // Once by us, to know which keys there are, once by the verifier.
    assert_eq!(sandbox.world.ledger.count("jwks.get"), 2);
}

#[tokio::test]
async fn no_forged_token_lets_in() {
    let (door, sandbox) = guarded("jwt").await;
    for forgery in Forgery::ALL {
        let expected = match forgery {
            Forgery::WrongAudience | Forgery::WrongAccount => 403,
            _ => 401,
        };
        let token = forgery.forge(&sandbox.world.signer, &claims());
        let (status, reason) = comes_out(&door, &token).await;
        assert_eq!(status, expected, "{forgery:?}: {reason}");
        assert!(!reason.contains(&token), "{forgery:?} is shown");
        assert!(
            !reason.contains(AUDIENCE) && !reason.contains(ACCOUNT),
            "{forgery:?} tells too much: {reason}"
        );
    }
    assert_eq!(door.seen(), []);
    assert_eq!(comes_out(&door, &sandbox.world.signer.sign(&claims())).await.0, 200);
}

#[tokio::test]
async fn a_push_without_a_token_is_401_whatever_its_body() {
    for verify in ["jwt", "cloud_run_iam"] {
        let (door, _sandbox) = guarded(verify).await;
        let (status, body) = door.post(vec![b'x'; 2_000], None).await;
        let reason = "the push has no token; the subscription needs an OIDC token";
        assert_eq!((status, &body["reason"]), (401, &json!(reason)));
        for header in ["", "Bearer", "Basic YTpi", "Bearer  ", "bearer garbage", "Bearer a b"] {
            let request = door.http.post(door.url("/push")).header("authorization", header);
            assert_eq!(request.send().await.unwrap().status().as_u16(), 401, "{header}");
        }
        let twice = door.http.post(door.url("/push")).bearer_auth("a.b.c").bearer_auth("a.b.c");
        assert_eq!(twice.send().await.unwrap().status().as_u16(), 401);
    }
}

#[tokio::test]
async fn thirty_two_first_pushes_at_once_are_all_let_in() {
    let (door, sandbox) = guarded("jwt").await;
    let token = sandbox.world.signer.sign(&claims());
    for _ in ["with a cold cache", "with a warm one"] {
        let answers = join_all((0..32).map(|_| comes_out(&door, &token))).await;
        assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
        assert_eq!(sandbox.world.ledger.count("jwks.get"), 2);
    }
}

#[tokio::test]
async fn a_rotation_of_keys_is_followed() {
    let (door, sandbox) = guarded("jwt").await;
    let signer = &sandbox.world.signer;
    let old = signer.sign(&claims());
    assert_eq!(comes_out(&door, &old).await.0, 200);
    signer.rotate();
    let new = signer.sign(&claims());
    assert_eq!(comes_out(&door, &new).await.0, 200);
    assert_eq!(comes_out(&door, &old).await.0, 200);
    signer.rotate();
    signer.forget_old_keys();
    let newest = signer.sign(&claims());
    assert_eq!(comes_out(&door, &newest).await.0, 200);
    assert_eq!(comes_out(&door, &new).await.0, 401, "its key was withdrawn");
}

#[tokio::test]
async fn unknown_keys_do_not_make_us_fetch_without_bound() {
    let (door, sandbox) = guarded("jwt").await;
    let signer = &sandbox.world.signer;
    for number in 0..40 {
        let header = json!({"alg": "RS256", "kid": format!("unknown-{number}"), "typ": "JWT"});
        assert_eq!(comes_out(&door, &signer.sign_with_header(&header, &claims())).await.0, 401);
    }
    assert!(sandbox.world.ledger.count("jwks.get") <= 6);
    assert_eq!(comes_out(&door, &signer.sign(&claims())).await.0, 200);
}

#[tokio::test]
async fn while_the_keys_cannot_be_had_the_answer_is_503() {
    for fault in [Fault::status(500), Fault::Reset, Fault::Garbage, Fault::Hang] {
        let (door, sandbox) = guarded("jwt").await;
        let (good, bad) = {
            let signer = &sandbox.world.signer;
            (signer.sign(&claims()), Forgery::Expired.forge(signer, &claims()))
        };
        let hangs = matches!(fault, Fault::Hang);
        sandbox.world.fault(Aim::at("jwks.get"), fault);
        let (status, reason) = comes_out(&door, &good).await;
        assert_eq!(status, 503, "{reason}");
        assert!(reason.starts_with("the token can't be checked without Google's keys: "), "{reason}");
        assert_eq!(comes_out(&door, &bad).await.0, 401, "no key is needed to see that it has expired");
        if hangs {
            continue;
        }
        sandbox.world.faults.clear();
        assert_eq!(comes_out(&door, &good).await.0, 200);
    }
}

#[tokio::test]
async fn a_key_server_that_is_shut_is_not_asked_by_everybody() {
    let (door, sandbox) = guarded("jwt").await;
    let token = sandbox.world.signer.sign(&claims());
    sandbox.world.listeners.open(sandbox.address(Service::Jwks), false);
    let answers = join_all((0..32).map(|_| comes_out(&door, &token))).await;
    assert!(answers.iter().all(|(status, _)| *status == 503), "{answers:?}");
    sandbox.world.listeners.open(sandbox.address(Service::Jwks), true);
    while comes_out(&door, &token).await.0 != 200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn on_cloud_run_a_stripped_token_lets_in_if_it_says_the_right_thing() {
    let (door, sandbox) = guarded("cloud_run_iam").await;
    let signer = &sandbox.world.signer;
    let stripped = Signer::strip(&signer.sign(&claims()));
    assert_eq!(comes_out(&door, &stripped).await.0, 200);
    let table = [
        (Forgery::Expired, 401),
        (Forgery::NoExpiry, 401),
        (Forgery::WrongAudience, 403),
        (Forgery::NoAudience, 401),
        (Forgery::WrongAccount, 403),
        (Forgery::UnverifiedEmail, 401),
        (Forgery::NoEmailVerified, 401),
        (Forgery::NoEmail, 401),
        (Forgery::EmailNotText, 401),
        (Forgery::NoSignature, 401),
        (Forgery::ClaimsNotObject, 401),
        (Forgery::Garbage, 401),
    ];
    for (forgery, expected) in table {
        let (status, reason) = comes_out(&door, &forgery.forge(signer, &claims())).await;
        assert_eq!(status, expected, "{forgery:?}: {reason}");
    }
    assert_eq!(sandbox.world.ledger.count("jwks.get"), 0, "no key is needed");
}

#[tokio::test]
async fn on_cloud_run_the_header_that_was_checked_counts() {
    let (door, sandbox) = guarded("cloud_run_iam").await;
    let signer = &sandbox.world.signer;
    let good = signer.sign(&claims());
    let stranger = Forgery::WrongAccount.forge(signer, &claims());
    let request = |checked: &str, forged: &str| {
        let request =
            door.http.post(door.url("/push")).body(push(COMMANDS, "1", FAILBACK)).bearer_auth(forged);
        request.header("x-serverless-authorization", format!("Bearer {checked}")).send()
    };
    assert_eq!(request(&stranger, &good).await.unwrap().status().as_u16(), 403);
    assert_eq!(request(&good, &stranger).await.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn a_token_of_yesterday_is_refused_before_its_body_is_read() {
    let (door, sandbox) = guarded("jwt").await;
    let yesterday = Timestamp::now().checked_sub(24.hours()).unwrap();
    let token = sandbox.world.signer.sign(&push_claims(AUDIENCE, ACCOUNT, yesterday));
    let (status, body) = door.post("not even JSON", Some(&token)).await;
    assert_eq!((status, &body["reason"]), (401, &json!("the token has expired")));
}
