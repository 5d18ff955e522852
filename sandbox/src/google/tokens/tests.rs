//! What verifiers make of the sandbox's tokens: Google's own verifier is asked.

use super::forged::Forgery;
use super::*;

fn claims() -> Value {
    push_claims("failover", "pusher@gleich-tech.iam.gserviceaccount.com", Timestamp::now())
}

/// What a token says, whoever signed it.
pub(crate) fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON")
}

#[test]
fn the_key_set_lists_one_key_until_it_is_rotated() {
    let signer = Signer::default();
    let before = signer.key_id();
    assert_eq!(signer.key_set()["keys"].as_array().map(Vec::len), Some(1));
    signer.rotate();
    assert_ne!(signer.key_id(), before);
    assert_eq!(signer.key_set()["keys"].as_array().map(Vec::len), Some(2));
    signer.forget_old_keys();
    assert_eq!(signer.key_set()["keys"][0]["kid"], json!(signer.key_id()));
}

#[test]
fn a_stripped_token_keeps_its_claims_and_loses_its_signature() {
    let token = Signer::default().sign(&claims());
    let stripped = Signer::strip(&token);
    assert_eq!(stripped.split('.').nth(1), token.split('.').nth(1));
    assert!(stripped.ends_with(".SIGNATURE_REMOVED_BY_GOOGLE"));
}

#[test]
fn every_forgery_differs_from_the_good_token_and_from_each_other() {
    let signer = Signer::default();
    let claims = claims();
    let mut all: Vec<String> = Forgery::ALL.iter().map(|forgery| forgery.forge(&signer, &claims)).collect();
    all.push(signer.sign(&claims));
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

mod verified {
    //! Google's own verifier reads our keys and our tokens.

    use google_cloud_auth::credentials::idtoken::verifier::{Builder, Verifier};

    use super::*;
    use crate::{Options, Sandbox, Service};

    const ACCOUNT: &str = "failover-push@gleich-tech.iam.gserviceaccount.com";

    async fn sandbox() -> Sandbox {
        Sandbox::start(Options { sites: Vec::new(), ..Options::default() }).await.expect("loopback")
    }

    fn verifier(sandbox: &Sandbox) -> Verifier {
        let url = sandbox.url(Service::Jwks).join(KEY_SET_PATH).expect("a url");
        Builder::new(["failover"]).with_email(ACCOUNT).with_jwks_url(url.as_str()).build()
    }

    fn good() -> Value {
        push_claims("failover", ACCOUNT, Timestamp::now())
    }

    #[tokio::test]
    async fn a_good_token_is_accepted_also_after_a_rotation() {
        let sandbox = sandbox().await;
        let verifier = verifier(&sandbox);
        let signer = &sandbox.world.signer;
        let claims = verifier.verify(&signer.sign(&good())).await.expect("a good token");
        assert_eq!(claims["email"], ACCOUNT);
        let old = signer.sign(&good());
        signer.rotate();
        assert!(verifier.verify(&signer.sign(&good())).await.is_ok());
        assert!(verifier.verify(&old).await.is_ok(), "old keys stay for a while");
    }

    /// What Google's verifier lets through or stumbles over, so that it isn't expected of it below.
    const ITS_GAPS: [Forgery; 5] = [
        Forgery::NoAudience,
        Forgery::NoIssuer,
        Forgery::NoEmail,
        Forgery::NoEmailVerified,
        Forgery::NotYetValid,
    ];

    #[tokio::test]
    async fn forgeries_are_refused_but_for_its_known_gaps() {
        let sandbox = sandbox().await;
        for forgery in Forgery::ALL.into_iter().filter(|forgery| !ITS_GAPS.contains(forgery)) {
            let token = forgery.forge(&sandbox.world.signer, &good());
            assert!(verifier(&sandbox).verify(&token).await.is_err(), "{forgery:?}");
        }
    }

    #[tokio::test]
    async fn tokens_without_audience_or_issuer_slip_through_it() {
        let sandbox = sandbox().await;
        for forgery in [Forgery::NoAudience, Forgery::NoIssuer] {
            let token = forgery.forge(&sandbox.world.signer, &good());
            assert!(verifier(&sandbox).verify(&token).await.is_ok(), "{forgery:?}");
        }
    }
}
