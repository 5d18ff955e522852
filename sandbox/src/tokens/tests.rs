//! What verifiers make of the sandbox's tokens: Google's own verifier is asked.

use super::forged::Forgery;
use super::*;

fn claims() -> Value {
    push_claims("failover", "pusher@gleich-tech.iam.gserviceaccount.com", Timestamp::now())
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
