//! What Pub/Sub's refusals mean, and what mends them.

use std::{error::Error as StdError, time::Duration};

use google_cloud_gax::error::rpc::Code;
use google_cloud_pubsub::{Error, error::PublishError};

use crate::api::{ApiError, ApiErrorKind, retry::causes};

/// One thing asked of Pub/Sub, in words.
pub(super) struct Call<'a> {
    verb: &'static str,
    subject: &'a str,
    /// Pub/Sub, "Access control with IAM".
    grant: &'static str,
}

impl<'a> Call<'a> {
    pub(super) fn publish(topic: &'a str) -> Self {
        Self { verb: "publish to", subject: topic, grant: "grant this account roles/pubsub.publisher on it" }
    }

    pub(super) fn read(subscription: &'a str) -> Self {
        let grant = "grant this account roles/pubsub.viewer on it";
        Self { verb: "read the settings of", subject: subscription, grant }
    }

    pub(super) fn listen(subscription: &'a str) -> Self {
        let grant = "grant this account roles/pubsub.subscriber on it";
        Self { verb: "listen to", subject: subscription, grant }
    }

    pub(super) fn ended(&self) -> ApiError {
        self.error(ApiErrorKind::Transient, "the stream of messages ended")
    }

    pub(super) fn refused(&self, error: &PublishError) -> ApiError {
        match error {
            PublishError::Rpc(error) => self.failed(error),
            other => self.error(ApiErrorKind::Transient, &other.to_string()),
        }
    }

    pub(super) fn failed(&self, error: &Error) -> ApiError {
        let Some(status) = error.status() else {
            let kind = if error.is_authentication() && !error.is_transient_and_before_rpc() {
                ApiErrorKind::Denied
            } else {
                ApiErrorKind::Transient
            };
            return self.error(kind, &causes(error));
        };
        let (kind, mend) = self.remedy(status.code);
        self.error(kind, &format!("{}: {}{mend}", status.code, status.message))
    }

    pub(super) fn unanswered(&self, waited: Duration) -> ApiError {
        self.error(
            ApiErrorKind::Transient,
            &format!("no answer within {waited:?}; the message may still have arrived"),
        )
    }

    pub(super) fn unprepared(&self, error: &dyn StdError) -> ApiError {
        self.error(ApiErrorKind::Refused, &causes(error))
    }

    fn remedy(&self, code: Code) -> (ApiErrorKind, String) {
        match code {
            Code::PermissionDenied => (ApiErrorKind::Denied, format!("; {}", self.grant)),
            Code::Unauthenticated => (
                ApiErrorKind::Unaccepted,
                "; the credentials aren't accepted: on Cloud Run see that the service's account is there and enabled, \
                 elsewhere run gcloud auth application-default login"
                    .to_owned(),
            ),
            Code::NotFound => (ApiErrorKind::Missing, "; create it, or correct its name".to_owned()),
            Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange | Code::Unimplemented => {
                (ApiErrorKind::Refused, String::new())
            }
            Code::Aborted | Code::AlreadyExists => (ApiErrorKind::Conflict, String::new()),
            _ => (ApiErrorKind::Transient, String::new()),
        }
    }

    fn error(&self, kind: ApiErrorKind, what: &str) -> ApiError {
        let message = format!("could not {} {}: Pub/Sub: {what}", self.verb, self.subject);
        ApiError::in_words_of_others(kind, &message)
    }
}
