//! Calls as the unit tests of Google's services make them.

use std::net::SocketAddr;

use crate::frame::call::Call;
use crate::service::Service;

/// A call without a token; the service makes no difference to what is tested with it.
pub(crate) fn call(method: &str, uri: &str) -> Call {
    let local = SocketAddr::from(([127, 0, 0, 1], 80));
    Call::new(Service::Run, local, method.parse().expect("a method"), &uri.parse().expect("a uri"))
}

/// The same call with a token.
pub(crate) fn bearing(mut call: Call, token: &str) -> Call {
    let value = format!("Bearer {token}").parse().expect("a header value");
    call.headers.insert(http::header::AUTHORIZATION, value);
    call
}
