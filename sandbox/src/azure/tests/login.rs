//! Who signs in without a secret, and who doesn't.

use std::collections::BTreeMap;

use http::HeaderValue;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::azure::directory::TENANT;
use crate::azure::login::{CLIENT, CLIENT_PRINCIPAL, EXCHANGE};
use crate::azure::tests::cloud::{Cloud, Edit};
use crate::frame::call::Reply;
use crate::frame::provider::{Kind, Provider};
use crate::google::access::FUNCTION_ACCOUNT;
use crate::google::testing;
use crate::google::tokens::push_claims;

type Form = BTreeMap<&'static str, String>;

struct Desk {
    cloud: Cloud,
}

impl Desk {
    fn new() -> Self {
        Self { cloud: Cloud::new() }
    }

    /// The function's identity token at Google, for this audience.
    fn assertion(&self, edit: impl FnOnce(&mut Value)) -> String {
        let mut claims = push_claims(EXCHANGE, FUNCTION_ACCOUNT, Timestamp::now());
        edit(&mut claims);
        self.cloud.world.signer.sign(&claims)
    }

    /// A form as it has to be.
    fn form(&self) -> Form {
        Form::from([
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", CLIENT.to_owned()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
            ("client_assertion", self.assertion(|_| {})),
            ("scope", "https://management.azure.com/.default".to_owned()),
        ])
    }

    fn post(&self, tenant: &str, form: &Form) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut call = testing::call("POST", &format!("/{tenant}/oauth2/v2.0/token")).with_body(body);
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        call.headers.insert("content-type", kind);
        self.cloud.world.azure_login.answer(&call)
    }

    /// What is said to a form in which one field is this instead, or missing.
    fn said(&self, field: &'static str, value: Option<&str>) -> Reply {
        let mut form = self.form();
        form.remove(field);
        form.extend(value.map(|value| (field, value.to_owned())));
        self.post(TENANT, &form)
    }
}

#[track_caller]
fn refused(reply: &Reply, status: u16, error: &str, number: u32) {
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!((reply.status, body["error"].as_str()), (status, Some(error)), "{body}");
    assert_eq!(body["error_codes"], json!([number]));
    let told = body["error_description"].as_str().expect("a sentence");
    assert!(told.starts_with(&format!("AADSTS{number}: ")) && told.contains(" Trace ID: "), "{told}");
}

#[test]
fn an_identity_token_of_google_is_exchanged_for_one_that_resource_manager_takes() {
    let mut desk = Desk::new();
    let reply = desk.post(TENANT, &desk.form());
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!(
        (reply.status, &body["token_type"], &body["expires_in"]),
        (200, &json!("Bearer"), &json!(3599))
    );
    desk.cloud.token = body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(desk.cloud.get(0)["name"], "db-a-nic");
    desk.cloud.world.access.deny_to(CLIENT_PRINCIPAL, "Microsoft.Network/networkInterfaces/read");
    assert_eq!(desk.cloud.answer(&desk.cloud.call("GET", &desk.cloud.path(0))).status, 403);
}

#[test]
fn a_form_that_is_not_as_it_has_to_be_is_refused() {
    let cases = [
        ("grant_type", None, 400, "invalid_request", 900_144),
        ("grant_type", Some("password"), 400, "unsupported_grant_type", 70003),
        ("client_id", None, 400, "invalid_request", 900_144),
        ("client_id", Some("somebody"), 400, "unauthorized_client", 700_016),
        ("scope", None, 400, "invalid_request", 900_144),
        ("scope", Some("https://management.azure.com"), 400, "invalid_scope", 1_002_012),
        ("scope", Some("https://elsewhere/.default"), 400, "invalid_resource", 500_011),
        ("client_assertion", None, 401, "invalid_client", 7_000_218),
        ("client_assertion", Some("not.a.token"), 401, "invalid_client", 50013),
        ("client_assertion", Some("nothing"), 401, "invalid_client", 50013),
        ("client_assertion_type", Some("jwt"), 400, "invalid_request", 900_027),
        ("client_assertion_type", None, 400, "invalid_request", 900_144),
    ];
    let desk = Desk::new();
    for (field, value, status, error, number) in cases {
        refused(&desk.said(field, value), status, error, number);
    }
}

#[test]
fn only_the_trusted_account_may_sign_in_and_only_with_a_token_meant_for_it() {
    let desk = Desk::new();
    let cases: [(Edit, u32); 4] = [
        (|claims| claims["iss"] = json!("https://accounts.example"), 700_211),
        (|claims| claims["aud"] = json!("https://management.azure.com"), 700_212),
        (|claims| claims["sub"] = json!("100000000000000000001"), 700_213),
        (|claims| claims["exp"] = json!(Timestamp::now().as_second()), 700_024),
    ];
    for (edit, number) in cases {
        let assertion = desk.assertion(edit);
        refused(&desk.said("client_assertion", Some(&assertion)), 401, "invalid_client", number);
    }
    desk.cloud.world.azure_login.trust("bob@gleich-tech.iam.gserviceaccount.com");
    refused(&desk.post(TENANT, &desk.form()), 401, "invalid_client", 700_213);
    desk.cloud.world.azure_login.trust(FUNCTION_ACCOUNT);
    assert_eq!(desk.post(TENANT, &desk.form()).status, 200);
}

#[test]
fn a_token_that_was_tampered_with_is_refused_and_one_of_an_older_key_is_not() {
    let desk = Desk::new();
    let good = desk.assertion(|_| {});
    let (head, rest) = good.split_once('.').expect("a token");
    let (_, signature) = rest.split_once('.').expect("a token");
    let other = desk.assertion(|claims| claims["sub"] = json!("1"));
    let claims = other.split('.').nth(1).expect("claims");
    let forged = format!("{head}.{claims}.{signature}");
    refused(&desk.said("client_assertion", Some(&forged)), 401, "invalid_client", 50013);
    desk.cloud.world.signer.rotate();
    assert_eq!(desk.said("client_assertion", Some(&good)).status, 200);
    desk.cloud.world.signer.forget_old_keys();
    refused(&desk.said("client_assertion", Some(&good)), 401, "invalid_client", 50013);
}

#[test]
fn another_tenant_is_not_there_and_json_is_no_form() {
    let desk = Desk::new();
    refused(&desk.post("common", &desk.form()), 400, "invalid_request", 90002);
    let call = testing::call("POST", &format!("/{TENANT}/oauth2/v2.0/token")).with_body("{}");
    let world = &desk.cloud.world;
    refused(&world.azure_login.answer(&call), 400, "invalid_request", 900_144);
    let strange = testing::call("GET", &format!("/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(world.azure_login.operation(&strange), "azure_login.unknown");
    assert_eq!(world.azure_login.answer(&strange).status, 404);
}

#[test]
fn to_sign_in_is_no_write() {
    let desk = Desk::new();
    let call = testing::call("POST", &format!("/{TENANT}/oauth2/v2.0/token"));
    let login = &desk.cloud.world.azure_login;
    assert_eq!(login.kind(login.operation(&call), &call), Kind::Read);
    refused(&login.refusal(503), 503, "temporarily_unavailable", 90033);
}
