//! What can go wrong with a call, and which calls it goes wrong for.
//! The framework asks before each call; providers know nothing of it, except how their errors look.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::Provider;
use crate::service::Service;

/// One way for a call to go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error answer, no effect; without a body of its own it wears the provider's envelope.
    Status {
        /// The HTTP status.
        code: u16,
        /// Seconds for a `Retry-After` header.
        retry_after: Option<u32>,
        /// The body, if it shall not be the provider's own.
        body: Option<String>,
    },
    /// The connection is closed without an answer, no effect.
    Reset,
    /// 200 with a web page where JSON belongs, no effect.
    Garbage,
    /// The change is made, then the connection is closed without an answer.
    LostAnswer,
    /// Never answers, no effect.
    Hang,
    /// The change is made, and never answered.
    HangAfter,
    /// The change is made at once, the answer comes this much later.
    Late(Duration),
    /// The change is made this much later, even if the caller has gone, and then answered.
    LateEffect(Duration),
    /// Cloudflare's worst: 200 with `"success": false`, no effect.
    SuccessFalse,
}

impl Fault {
    /// An error answer in the provider's own envelope.
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None, body: None }
    }

    /// An error answer with `Retry-After`.
    pub fn retry_after(code: u16, seconds: u32) -> Self {
        Self::Status { code, retry_after: Some(seconds), body: None }
    }

    /// The answer given instead of the effect, for faults that prevent it.
    pub(crate) fn instead(&self, provider: &dyn Provider) -> Option<Reply> {
        match self {
            Self::Status { code, retry_after, body } => {
                let reply = body.as_ref().map_or_else(|| provider.refusal(*code), |body| typed(*code, body));
                Some(
                    retry_after
                        .iter()
                        .fold(reply, |reply, seconds| reply.header("retry-after", seconds.to_string())),
                )
            }
            Self::Reset => Some(Reply::reset()),
            Self::Hang => Some(Reply::never()),
            Self::Garbage => Some(Reply::html(200, "<html><body><h1>It works!</h1></body></html>\n")),
            Self::SuccessFalse => Some(Reply::json(200, &unsuccessful())),
            Self::LostAnswer | Self::HangAfter | Self::Late(_) | Self::LateEffect(_) => None,
        }
    }

    /// What becomes of the answer once the effect is made.
    pub(crate) fn afterwards(&self, reply: Reply) -> Reply {
        match self {
            Self::LostAnswer => Reply::reset(),
            Self::HangAfter => Reply::never(),
            Self::Late(delay) => reply.after(*delay),
            _ => reply,
        }
    }

    /// How long the effect waits.
    pub(crate) fn delay(&self) -> Duration {
        if let Self::LateEffect(delay) = self { *delay } else { Duration::ZERO }
    }
}

/// A body under the type that it has.
fn typed(code: u16, body: &str) -> Reply {
    let content_type = match body.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => "application/json",
        Some(b'<') if body.contains("<Error>") => "application/xml",
        Some(b'<') => "text/html; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    Reply::typed(code, content_type, body.to_owned())
}

fn unsuccessful() -> serde_json::Value {
    let error = json!({ "code": 10013, "message": "An unknown error occurred. Please try again." });
    json!({ "success": false, "errors": [error], "messages": [], "result": null })
}

/// Which calls: of an operation or a service, counted from the moment it is set.
#[derive(Clone, Debug)]
pub struct Aim {
    target: Target,
    verb: Option<String>,
    path: Option<String>,
    first: u32,
    times: u32,
}

#[derive(Clone, Debug)]
enum Target {
    Operation(String),
    Service(Service),
}

impl Aim {
    /// Every call of this operation.
    pub fn at(operation: &str) -> Self {
        Self::every(Target::Operation(operation.to_owned()))
    }

    /// Every call of this service.
    pub fn service(service: Service) -> Self {
        Self::every(Target::Service(service))
    }

    fn every(target: Target) -> Self {
        Self { target, verb: None, path: None, first: 1, times: u32::MAX }
    }

    /// Only calls with this method.
    pub fn verb(self, verb: &str) -> Self {
        Self { verb: Some(verb.to_owned()), ..self }
    }

    /// Only calls whose path has this in it.
    pub fn path(self, part: &str) -> Self {
        Self { path: Some(part.to_owned()), ..self }
    }

    /// Only the n-th call, counted from 1; followed by `times` it is the first of several.
    pub fn nth(self, nth: u32) -> Self {
        Self { first: nth, times: 1, ..self }
    }

    /// This many calls in a row.
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    fn matches(&self, call: &Call, operation: &str) -> bool {
        let target = match &self.target {
            Target::Operation(name) => name == operation,
            Target::Service(target) => *target == call.service,
        };
        target
            && self.verb.as_deref().is_none_or(|verb| call.method.as_str() == verb)
            && self.path.as_deref().is_none_or(|part| call.path.contains(part))
    }
}

/// All faults that are set.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Armed>>);

#[derive(Debug)]
struct Armed {
    aim: Aim,
    fault: Fault,
    seen: u32,
}

impl Faults {
    /// From now on these calls go wrong.
    pub fn set(&self, aim: Aim, fault: Fault) {
        lock(&self.0).push(Armed { aim, fault, seen: 0 });
    }

    /// From now on every call goes right.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    /// The fault that befalls this call: the one set first, though all of them count it.
    pub(crate) fn pick(&self, call: &Call, operation: &str) -> Option<Fault> {
        lock(&self.0).iter_mut().filter_map(|armed| armed.count(call, operation)).reduce(|first, _| first)
    }
}

impl Armed {
    fn count(&mut self, call: &Call, operation: &str) -> Option<Fault> {
        if !self.aim.matches(call, operation) {
            return None;
        }
        self.seen += 1;
        let index = self.seen.checked_sub(self.aim.first)?;
        (index < self.aim.times).then(|| self.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use http::{Method, Uri};

    use super::*;

    fn call(method: Method, uri: &'static str) -> Call {
        let local = SocketAddr::from(([127, 0, 0, 1], 80));
        Call::new(Service::Run, local, method, &Uri::from_static(uri))
    }

    fn get() -> Call {
        call(Method::GET, "/v2/services/a")
    }

    fn hits(aim: Aim, calls: usize) -> Vec<bool> {
        let faults = Faults::default();
        faults.set(aim, Fault::Reset);
        (0..calls).map(|_| faults.pick(&get(), "run.get").is_some()).collect()
    }

    #[test]
    fn a_fault_befalls_the_calls_it_is_aimed_at() {
        assert_eq!(hits(Aim::at("run.get"), 2), [true, true]);
        assert_eq!(hits(Aim::at("run.get").nth(2), 3), [false, true, false]);
        assert_eq!(hits(Aim::at("run.get").times(2), 3), [true, true, false]);
        assert_eq!(hits(Aim::at("run.get").nth(2).times(2), 4), [false, true, true, false]);
        assert_eq!(hits(Aim::service(Service::Run).nth(1), 2), [true, false]);
        assert_eq!(hits(Aim::at("run.set"), 1), [false]);
    }

    #[test]
    fn a_call_counts_for_every_fault_but_suffers_only_the_one_set_first() {
        let faults = Faults::default();
        faults.set(Aim::at("run.get").nth(1), Fault::Reset);
        faults.set(Aim::at("run.get").nth(2), Fault::Hang);
        assert_eq!(faults.pick(&get(), "run.get"), Some(Fault::Reset));
        assert_eq!(faults.pick(&get(), "run.get"), Some(Fault::Hang));
        assert_eq!(faults.pick(&get(), "run.get"), None);
    }

    #[test]
    fn a_fault_may_be_aimed_at_a_method_and_at_a_part_of_the_path() {
        let set = call(Method::POST, "/v2/services/a:setIamPolicy");
        for (aim, [reads, sets]) in [
            (Aim::service(Service::Run).verb("GET"), [true, false]),
            (Aim::service(Service::Run).path(":setIamPolicy"), [false, true]),
            (Aim::service(Service::Run).verb("GET").path(":setIamPolicy"), [false, false]),
        ] {
            let faults = Faults::default();
            faults.set(aim, Fault::Reset);
            assert_eq!([&get(), &set].map(|call| faults.pick(call, "run").is_some()), [reads, sets]);
        }
    }

    #[test]
    fn a_body_of_ones_own_comes_under_the_type_that_it_has() {
        let typed = |body: &str| {
            let reply = typed(403, body);
            reply.header_value("content-type").expect("a type").to_owned()
        };
        assert_eq!(typed("{}"), "application/json");
        assert_eq!(typed("<!DOCTYPE html><title>blocked</title>"), "text/html; charset=utf-8");
        assert_eq!(typed("<Error><Code>SlowDown</Code></Error>"), "application/xml");
        assert_eq!(typed("error code: 522"), "text/plain; charset=utf-8");
    }
}
