//! Access tokens for Azure: of the machine's managed identity, or in exchange for one of Google's.
//!
//! On Azure the instance metadata service gives them ("How to use managed identities on an Azure VM to acquire an access
//! token"). Elsewhere, on Cloud Run say, a federated credential of an app or of a user-assigned identity trusts the
//! service account's own identity token ("Microsoft identity platform and OAuth 2.0 client credentials flow", third
//! case), so that there is no secret to keep.

use std::time::Duration;

use async_trait::async_trait;
use http::{StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    sync::{Mutex, OnceCell},
    time::Instant,
};
use url::form_urlencoded;

use crate::{
    api::{
        ApiError, ApiErrorKind, Pace, Secret,
        answer::Answer,
        retry::{self, Failure},
        task::excerpt,
    },
    clouds::Endpoints,
};

/// No token of Azure's lives longer (a managed identity's lives a day); whatever says so is replaced then all the same.
const LONGEST_LIFE: Duration = Duration::from_hours(28);

/// For whom tokens are, as the metadata service and as the login service have it.
const RESOURCE: &str = "https://management.azure.com/";
const SCOPE: &str = "https://management.azure.com/.default";
/// For whom Google's identity token is: what federated credentials expect unless somebody changed it.
const AUDIENCE: &str = "api://AzureADTokenExchange";
/// A token is replaced so long before its end, or halfway if it lives less than twice that: own choice.
const AHEAD: Duration = Duration::from_mins(5);

/// As whom Azure is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The directory of the app that trusts Google's tokens; none means the machine's own identity.
    pub tenant: Option<String>,
    /// The app, or the one of the machine's identities that is meant.
    pub client: Option<String>,
    /// Google's metadata server, host and port, where it isn't the usual one.
    pub google: Option<String>,
}

/// Where tokens come from.
#[derive(Debug)]
pub(super) struct Tokens {
    source: Source,
    /// Metadata servers are asked past any proxy.
    direct: OnceCell<reqwest::Client>,
    patience: Duration,
    pace: Pace,
    current: Mutex<Option<Token>>,
}

#[derive(Debug)]
enum Source {
    Managed {
        base: String,
        client: Option<String>,
    },
    Federated {
        http: reqwest::Client,
        login: String,
        tenant: String,
        client: String,
        google: String,
        base: String,
    },
}

#[derive(Debug, Clone)]
struct Token {
    bearer: Secret,
    replace_at: Instant,
}

/// The metadata service writes its numbers as texts, the login service as numbers.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
    error_description: String,
}

#[async_trait]
impl crate::api::tokens::Tokens<Secret> for Tokens {
    async fn token(&self) -> Result<Secret, ApiError> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref().filter(|token| Instant::now() < token.replace_at) {
            return Ok(token.bearer.clone());
        }
        let fetched = retry::persist(&self.pace, || self.fetch()).await?;
        Ok(current.insert(fetched).bearer.clone())
    }

    async fn forget(&self, refused: &Secret) {
        let mut current = self.current.lock().await;
        current.take_if(|token| token.bearer == *refused);
    }
}

impl Tokens {
    pub(super) fn new(
        http: reqwest::Client,
        account: Account,
        endpoints: &Endpoints,
        patience: Duration,
        pace: Pace,
    ) -> Self {
        let source = match account {
            Account { tenant: Some(tenant), client: Some(client), google } => {
                let google = google.unwrap_or_else(|| "metadata.google.internal".to_owned());
                let (login, base) = (endpoints.azure_login(), endpoints.azure_metadata());
                Source::Federated { http, login, tenant, client, google, base }
            }
            Account { client, .. } => Source::Managed { base: endpoints.azure_metadata(), client },
        };
        Self { source, direct: OnceCell::new(), patience, pace, current: Mutex::default() }
    }

    async fn fetch(&self) -> Result<Token, Failure> {
        match &self.source {
            Source::Managed { base, client } => self.managed(base, client.as_deref()).await,
            Source::Federated { http, login, tenant, client, google, base } => {
                let assertion = match self.assertion(google).await {
                    Ok(assertion) => assertion,
                    Err(why) => return self.own_identity(base, client, why).await,
                };
                let form = form_urlencoded::Serializer::new(String::new())
                    .append_pair("grant_type", "client_credentials")
                    .append_pair("client_id", client)
                    .append_pair(
                        "client_assertion_type",
                        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    )
                    .append_pair("client_assertion", assertion.expose())
                    .append_pair("scope", SCOPE)
                    .finish();
                let request = http.post(format!("{login}/{tenant}/oauth2/v2.0/token")).body(form);
                let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                granted("Azure's login service", &self.answer(login, request).await?)
            }
        }
    }

    async fn managed(&self, base: &str, client: Option<&str>) -> Result<Token, Failure> {
        let url = format!("{base}/metadata/identity/oauth2/token");
        let query = [("api-version", "2018-02-01"), ("resource", RESOURCE)];
        let query = query.into_iter().chain(client.map(|client| ("client_id", client)));
        let request = self.direct().await?.get(url).query(&query.collect::<Vec<_>>());
        let answer = self.answer(base, request.header("Metadata", "true")).await?;
        granted("Azure's instance metadata service", &answer)
    }

    /// On a machine of Azure's the variables may be other programs': Azure's own libraries read them there, too, and
    /// take the machine's identity where there is nothing to exchange.
    async fn own_identity(&self, base: &str, client: &str, why: Failure) -> Result<Token, Failure> {
        if let Ok(token) = self.managed(base, Some(client)).await {
            return Ok(token);
        }
        let Failure { mut error, wait } = why;
        error.message += "; Google was asked since AZURE_TENANT_ID is set: unset it where the machine's own identity is meant";
        Err(Failure { error, wait })
    }

    /// Google's word for who we are.
    async fn assertion(&self, host: &str) -> Result<Secret, Failure> {
        let path = "computeMetadata/v1/instance/service-accounts/default/identity";
        let request = self.direct().await?.get(format!("http://{host}/{path}"));
        let request = request.query(&[("audience", AUDIENCE), ("format", "full")]);
        let answer = self.answer(host, request.header("Metadata-Flavor", "Google")).await?;
        let text = String::from_utf8_lossy(&answer.body);
        if answer.status == StatusCode::OK {
            return one_word(&text).ok_or_else(|| {
                let what = format!("what answers at {host} gave no token of Google's");
                unavailable(ApiErrorKind::Transient, &what).into()
            });
        }
        let what = format!("Google's metadata server answered {}: {}", answer.status.as_u16(), text.trim());
        Err(unavailable(of_status(answer.status), &what).into())
    }

    async fn direct(&self) -> Result<&reqwest::Client, ApiError> {
        let build = async || reqwest::Client::builder().no_proxy().build();
        let built = self.direct.get_or_try_init(build).await;
        built.map_err(|error| unavailable(ApiErrorKind::Refused, &retry::causes(&error)))
    }

    async fn answer(&self, place: &str, request: reqwest::RequestBuilder) -> Result<Answer, ApiError> {
        let silent = |error: reqwest::Error| {
            let what = format!("{place} gave no answer: {}", retry::causes(&error));
            unavailable(ApiErrorKind::Transient, &what)
        };
        let response = request.timeout(self.patience).send().await.map_err(silent)?;
        Answer::receive(response).await.map_err(silent)
    }
}

/// A token is one word; a page that stands before the server is more.
fn one_word(text: &str) -> Option<Secret> {
    let token = Secret::new(text);
    (token.is_one_word() && !token.expose().starts_with('<')).then_some(token)
}

fn granted(who: &str, answer: &Answer) -> Result<Token, Failure> {
    if answer.status != StatusCode::OK {
        return Err(refused(who, answer));
    }
    let read = serde_json::from_slice::<Granted>(&answer.body).ok();
    let read = read.filter(|granted| !granted.access_token.is_empty());
    let lives = |granted: &Granted| seconds(&granted.expires_in);
    let Some((granted, lives)) = read.and_then(|granted| lives(&granted).map(|lives| (granted, lives)))
    else {
        // Nothing of it is repeated: it may be half a token.
        return Err(unavailable(ApiErrorKind::Transient, &format!("{who} gave no token")).into());
    };
    let lives = lives.min(LONGEST_LIFE);
    let good_for = lives.saturating_sub(AHEAD).max(lives / 2);
    Ok(Token { bearer: Secret::new(&granted.access_token), replace_at: Instant::now() + good_for })
}

fn seconds(number: &Value) -> Option<Duration> {
    let number = number.as_u64().or_else(|| number.as_str()?.parse().ok())?;
    Some(Duration::from_secs(number))
}

fn refused(who: &str, answer: &Answer) -> Failure {
    let read = serde_json::from_slice::<Refusal>(&answer.body);
    // Whatever isn't theirs came from something in between, so it may pass.
    let kind = if read.is_ok() { of_status(answer.status) } else { ApiErrorKind::Transient };
    let Refusal { error, error_description } = read.unwrap_or_default();
    let said = match (error.as_str(), error_description.lines().next()) {
        ("", _) => excerpt(&answer.body),
        (error, Some(description)) => format!("{error}: {description}"),
        (error, None) => error.to_owned(),
    };
    let what = format!("{who} answered {}: {said}", answer.status.as_u16());
    answer.failure(unavailable(kind, &what), None)
}

/// While the metadata service is renewed, it answers 404 or 410 for up to 70 seconds ("Error handling" of managed
/// identities): that passes. What is refused as wrong needs an operator.
fn of_status(status: StatusCode) -> ApiErrorKind {
    match status.as_u16() {
        404 | 408 | 410 | 429 | 500..=599 => ApiErrorKind::Transient,
        _ => ApiErrorKind::Denied,
    }
}

fn unavailable(kind: ApiErrorKind, why: &str) -> ApiError {
    let message = format!(
        "could not get an access token for Azure: {why}; give the machine a managed identity (AZURE_CLIENT_ID names \
         one of several), or outside of Azure set AZURE_TENANT_ID and AZURE_CLIENT_ID of an app whose federated \
         credential trusts this service account"
    );
    ApiError::in_words_of_others(kind, &message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(expires_in: &Value) -> Option<Token> {
        let body = json!({"access_token": "secret-7", "expires_in": expires_in, "token_type": "Bearer"});
        granted("it", &Answer::of(200, &body.to_string())).ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_replaced_five_minutes_before_its_end_or_halfway() {
        let lives = |expires_in: Value| {
            let token = read(&expires_in)?;
            assert_eq!(token.bearer.expose(), "secret-7");
            Some((token.replace_at - Instant::now()).as_secs())
        };
        assert_eq!(lives(json!("3599")), Some(3299));
        assert_eq!(lives(json!(86399)), Some(86099));
        assert_eq!(lives(json!("300")), Some(150));
        assert_eq!(lives(json!(u64::MAX)), lives(json!("18446744073709551615")));
        assert_eq!(lives(json!(u64::MAX)), Some(LONGEST_LIFE.as_secs() - 300));
        assert_eq!(lives(json!("soon")), None);
        assert_eq!(lives(Value::Null), None);
        assert!(granted("it", &Answer::of(200, r#"{"access_token":"","expires_in":3599}"#)).is_err());
    }

    #[test]
    fn a_token_of_googles_is_one_word() {
        assert_eq!(one_word(" eyJh.e30.c2ln-_\n").unwrap().expose(), "eyJh.e30.c2ln-_");
        for other in ["", "sign in", "<html>", "<html>sign in</html>", "a\nb"] {
            assert!(one_word(other).is_none(), "{other}");
        }
    }

    #[track_caller]
    fn refusal(status: u16, body: &str, kind: ApiErrorKind, says: &str) {
        let error = granted("it", &Answer::of(status, body)).unwrap_err().error;
        assert_eq!(error.kind, kind, "{error}");
        assert!(
            error.message.starts_with(&format!("could not get an access token for Azure: {says};")),
            "{error}"
        );
    }

    #[test]
    fn a_service_that_is_renewed_passes_and_an_identity_that_is_missing_does_not() {
        for status in [404, 410, 429, 500, 503] {
            refusal(status, "wait", ApiErrorKind::Transient, &format!("it answered {status}: wait"));
        }
        let body =
            json!({"error": "invalid_request", "error_description": "Identity not found\r\nTrace ID: 7"});
        refusal(
            400,
            &body.to_string(),
            ApiErrorKind::Denied,
            "it answered 400: invalid_request: Identity not found",
        );
        for page in [400, 401, 403] {
            let says = format!("it answered {page}: <html>sign in</html>");
            refusal(page, "<html>sign in</html>", ApiErrorKind::Transient, &says);
        }
        refusal(
            401,
            r#"{"error":"invalid_client"}"#,
            ApiErrorKind::Denied,
            "it answered 401: invalid_client",
        );
    }

    #[test]
    fn nothing_of_a_broken_token_is_repeated() {
        let body = r#"{"access_token":"half-of-a-secret"#;
        refusal(200, body, ApiErrorKind::Transient, "it gave no token");
        let token = read(&json!("3599")).unwrap();
        assert!(!format!("{token:?}").contains("secret-7"));
    }
}
