//! Google's identity tokens: keys, signatures and the key set that verifiers fetch.
//!
//! The metadata server, the Pub/Sub pusher and the tests sign with one [`Signer`]; the JWKS service publishes
//! its public keys. [`forged`] makes every token that a verifier must refuse.

mod exchange;
pub mod forged;

use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::Provider;
use crate::google::access::Access;
use crate::google::refusal::{self, Refusal};
use crate::google::strict;

use exchange::Accounts;
pub use exchange::TOKEN_PATH;

/// What Google's tokens carry as `iss` (Google documentation, "Authentication for push subscriptions").
pub const ISSUER: &str = "https://accounts.google.com";

/// What Cloud Run puts where the signature was (Cloud Run documentation, "Troubleshooting",
/// section "signature removed").
pub const STRIPPED_SIGNATURE: &str = "SIGNATURE_REMOVED_BY_GOOGLE";

/// The path of Google's key set, as in `https://www.googleapis.com/oauth2/v3/certs`.
pub const KEY_SET_PATH: &str = "/oauth2/v3/certs";

/// One RSA key and the name it is published under.
#[derive(Debug)]
struct Key {
    id: String,
    pair: KeyPair,
}

impl Key {
    /// Generates a key of the size Google uses.
    fn generate(id: String) -> Arc<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("the system has randomness");
        Arc::new(Self { id, pair })
    }

    /// The key that every sandbox of this process starts with: generating one takes a noticeable time.
    fn first() -> Arc<Self> {
        static FIRST: OnceLock<Arc<Key>> = OnceLock::new();
        FIRST.get_or_init(|| Self::generate(fresh_key_id())).clone()
    }

    /// `RS256` over `signed`, encoded as tokens carry it.
    fn sign(&self, signed: &str) -> String {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("an RSA key signs");
        BASE64_URL_SAFE_NO_PAD.encode(signature)
    }

    /// The public half, as one entry of the key set.
    fn public(&self) -> Value {
        let public = self.pair.public_key();
        json!({
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.id,
            "n": BASE64_URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": BASE64_URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        })
    }

    /// The public half as a PEM file: what a confused verifier would take for an HMAC secret.
    fn public_pem(&self) -> String {
        let der = self.pair.public_key().as_der().expect("an RSA key has a DER form");
        let der: &[u8] = der.as_ref();
        let lines: Vec<String> = BASE64_STANDARD
            .encode(der)
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }
}

/// Forty hexadecimal digits, as Google's key ids are.
fn fresh_key_id() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), &uuid::Uuid::new_v4().simple().to_string()[..8])
}

/// Signs tokens as Google does and publishes the keys that verify them.
#[derive(Debug)]
pub struct Signer {
    /// Newest last; the newest signs.
    keys: Mutex<Vec<Arc<Key>>>,
}

impl Default for Signer {
    fn default() -> Self {
        Self { keys: Mutex::new(vec![Key::first()]) }
    }
}

impl Signer {
    /// The id of the key that signs now.
    pub fn key_id(&self) -> String {
        self.current().id.clone()
    }

    /// A token with these claims, signed by the current key.
    pub fn sign(&self, claims: &Value) -> String {
        let key = self.current();
        self.sign_with_header(&json!({"alg": "RS256", "kid": key.id, "typ": "JWT"}), claims)
    }

    /// A token whose header the caller chooses; the signature is the current key's.
    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = self.current().sign(&signed);
        format!("{signed}.{signature}")
    }

    /// The claims of a token that one of the published keys has signed.
    pub fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let read = |part: &str| -> Option<Value> {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        let header = read(header)?;
        let keys = lock(&self.keys);
        let key = keys.iter().find(|key| header["kid"] == key.id && header["alg"] == "RS256")?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.pair.public_key());
        public.verify(signed.as_bytes(), &signature).ok()?;
        read(claims)
    }

    /// The same token as a container on Cloud Run sees it: the platform has verified and removed the signature.
    pub fn strip(token: &str) -> String {
        let kept = token.rsplit_once('.').map_or(token, |(kept, _signature)| kept);
        format!("{kept}.{STRIPPED_SIGNATURE}")
    }

    /// The published key set, in the shape of `https://www.googleapis.com/oauth2/v3/certs`.
    pub fn key_set(&self) -> Value {
        let keys: Vec<Value> = lock(&self.keys).iter().map(|key| key.public()).collect();
        json!({ "keys": keys })
    }

    /// A new key signs from now on; the old ones stay published, as Google overlaps them.
    pub fn rotate(&self) {
        let key = Key::generate(fresh_key_id());
        lock(&self.keys).push(key);
    }

    /// Stops publishing every key but the one that signs now.
    pub fn forget_old_keys(&self) {
        let mut keys = lock(&self.keys);
        let old = keys.len().saturating_sub(1);
        keys.drain(..old);
    }

    /// The current public key as a PEM file.
    pub fn public_pem(&self) -> String {
        self.current().public_pem()
    }

    fn current(&self) -> Arc<Key> {
        lock(&self.keys).last().expect("a signer always has a key").clone()
    }
}

/// The service that publishes Google's keys.
#[derive(Debug)]
pub struct KeyService {
    signer: Arc<Signer>,
    access: Arc<Access>,
    /// How far Google's clock is from this machine's.
    skew: Mutex<SignedDuration>,
    accounts: Accounts,
}

impl KeyService {
    /// Publishes this signer's keys, and gives tokens that `access` knows.
    pub fn new(signer: Arc<Signer>, access: Arc<Access>) -> Self {
        Self { signer, access, skew: Mutex::default(), accounts: Accounts::default() }
    }

    /// What its answers are dated is so far from this machine's time.
    pub fn set_skew(&self, skew: SignedDuration) {
        *lock(&self.skew) = skew;
    }

    /// A new key with which this account signs for itself, as PKCS#8 in PEM.
    pub fn account_key(&self, account: &str) -> String {
        self.accounts.add(account)
    }

    fn date(&self) -> String {
        let now = Timestamp::now().saturating_add(*lock(&self.skew)).unwrap_or(Timestamp::MAX);
        now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

impl Provider for KeyService {
    fn operation(&self, call: &Call) -> &'static str {
        match (call.method.as_str(), call.path.as_str()) {
            ("GET", KEY_SET_PATH) => "jwks.get",
            ("POST", TOKEN_PATH) => "oauth2.token",
            _ => "jwks.unknown",
        }
    }

    fn answer(&self, call: &Call) -> Reply {
        match self.operation(call) {
            "oauth2.token" => self.accounts.answer(call, &self.signer, &self.access),
            // Verifiers may keep the keys for as long as Google says.
            "jwks.get" => strict::ok(&self.signer.key_set())
                .header("cache-control", "public, max-age=3600")
                .header("date", self.date()),
            _ => Refusal::unknown_route(call).into(),
        }
    }

    fn refusal(&self, status: u16) -> Reply {
        refusal::of_status(status)
    }
}

/// The claims of the token that Pub/Sub attaches to a push (Google documentation, "Authentication for push
/// subscriptions"); valid for an hour.
pub fn push_claims(audience: &str, account: &str, now: Timestamp) -> Value {
    json!({
        "iss": ISSUER,
        "aud": audience,
        "azp": subject_of(account),
        "sub": subject_of(account),
        "email": account,
        "email_verified": true,
        "iat": now.as_second(),
        "exp": now.as_second() + 3600,
    })
}

/// A stable number for an account, as `sub` carries: twenty-one digits.
pub(crate) fn subject_of(account: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, account.as_bytes());
    let number = digest.as_ref().iter().take(8).fold(0_u64, |sum, &byte| (sum << 8) | u64::from(byte));
    format!("1{number:020}")
}

/// Header and claims, encoded and joined: what gets signed.
fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

#[cfg(test)]
pub(crate) mod tests;
