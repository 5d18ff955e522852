//! The seams: what a fake provider must be able to do to be served, and what the frame asks of whoever knows them all.

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::Frame;
use super::call::{Call, Reply};
use crate::service::Service;

/// What a call means for whoever counts calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Looks and changes nothing.
    Read,
    /// Asks a cloud to change something.
    Write,
    /// Appends to the journal.
    Journal,
    /// A visitor or a probe at a web site.
    Visit,
}

/// A fake provider. It keeps its state behind its own lock and never sleeps.
///
/// # Guarantees it may rely on
/// Answers are made one at a time across the whole sandbox, and what they changed is judged before the next is made.
pub trait Provider: Send + Sync {
    /// Names the operation, `"cloudflare.patch_page_rule"`; an unknown route is `"<provider>.unknown"`.
    fn operation(&self, call: &Call) -> &'static str;

    /// Carries the call out. The answer brings along what it changed.
    fn answer(&self, call: &Call) -> Reply;

    /// An error of this status in the provider's own envelope, for faults.
    fn refusal(&self, status: u16) -> Reply {
        Reply::text(status, format!("{status}\n"))
    }

    /// What the call means for the ledger.
    fn kind(&self, _operation: &str, call: &Call) -> Kind {
        if call.method == Method::GET || call.method == Method::HEAD { Kind::Read } else { Kind::Write }
    }

    /// How it is asked by gRPC, where it can be.
    fn rpc(&self) -> Option<&dyn Rpc> {
        None
    }

    /// Whether it agrees to a socket where it answers well.
    fn takes_sockets(&self) -> bool {
        false
    }
}

/// gRPC, told in terms of REST, so that there is one ledger, one set of faults and one provider.
pub trait Rpc: Sync {
    /// The REST call that means the same; `None` where there is no such method here.
    fn translate(&self, call: &Call) -> Option<Call>;

    /// The answer that means the same as a REST answer to this call, or what a method that isn't here is answered.
    fn answer(&self, call: &Call, reply: Option<&Reply>) -> RpcReply;
}

/// A gRPC answer: its message, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcReply {
    /// The framed message; nothing for an error.
    pub body: Bytes,
    /// `grpc-status` and what belongs to it.
    pub trailers: HeaderMap,
}

/// All providers, as the frame knows them.
pub(crate) trait Providers: Send + Sync + 'static {
    /// What stands around them.
    fn frame(&self) -> &Frame;

    /// The fake behind a service.
    fn provider(&self, service: Service) -> &dyn Provider;

    /// A call was answered, at this place in the ledger, and nobody else's will be until this returns.
    fn answered(&self, service: Service, position: u64, reply: &Reply);
}
