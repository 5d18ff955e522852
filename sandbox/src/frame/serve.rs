//! Listens on one address and turns HTTP into calls and replies into HTTP.
//! Knows nothing of what any provider does.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::call::{Call, Reply};
use super::ledger::Fate;
use super::listeners::{Connected, Reservation};
use super::provider::Providers;
use super::{path, socket};
use crate::service::Service;

/// Larger requests are refused; no provider here is ever sent more.
const BODY_LIMIT: usize = 8 << 20;

/// How soon a connection whose first bytes are still to come is looked at again: own choice.
const RETRY: Duration = Duration::from_millis(10);

/// Serves until the task is aborted, whenever the address is open.
pub(crate) fn serve(
    providers: Arc<dyn Providers>,
    service: Service,
    reservation: Reservation,
) -> std::io::Result<JoinHandle<()>> {
    let mut accepting = providers.frame().listeners.add(reservation)?;
    Ok(tokio::spawn(async move {
        while let Some((stream, connected)) = accepting.accept().await {
            tokio::spawn(connection(providers.clone(), service, stream, connected));
        }
    }))
}

async fn connection(
    providers: Arc<dyn Providers>,
    service: Service,
    stream: TcpStream,
    connected: Connected,
) {
    let Ok(local) = stream.local_addr() else { return };
    // Shared listeners are bound to every address; nothing that isn't loopback is served.
    if !local.ip().is_loopback() {
        return;
    }
    // Without it, small answers to pipelined connections wait 40 ms for an acknowledgement.
    let _best_effort = stream.set_nodelay(true);
    let connection = async {
        if providers.provider(service).rpc().is_some() && begins_http2(&stream).await {
            let answer = service_fn(|request| answer_rpc(providers.clone(), service, local, request));
            let http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ended = http.serve_connection(TokioIo::new(stream), answer).await;
        } else {
            let answer =
                service_fn(|request| answer(providers.clone(), service, local, request, connected.clone()));
            let mut http = hyper::server::conn::http1::Builder::new();
            let served = http.half_close(false).serve_connection(TokioIo::new(stream), answer);
            let _ended = served.with_upgrades().await;
        }
    };
    tokio::select! {
        () = connection => {}
        () = connected.clone().closed() => {}
    }
}

/// Whether the peer speaks HTTP/2 without having asked, as gRPC clients do where there is no TLS.
async fn begins_http2(stream: &TcpStream) -> bool {
    const PREFACE: &[u8] = b"PRI ";
    let mut seen = [0; 4];
    loop {
        match stream.peek(&mut seen).await {
            Ok(0) | Err(_) => return false,
            Ok(read) if seen[..read] != PREFACE[..read] => return false,
            Ok(read) if read == PREFACE.len() => return true,
            // Fewer than four bytes have come: `peek` would answer the same at once.
            Ok(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

/// The connection is closed without an answer when this is returned.
#[derive(Debug)]
struct NoAnswer;

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("no answer")
    }
}

impl std::error::Error for NoAnswer {}

async fn answer(
    providers: Arc<dyn Providers>,
    service: Service,
    local: SocketAddr,
    mut request: Request<Incoming>,
    connected: Connected,
) -> Result<Response<Full<Bytes>>, NoAnswer> {
    let is_taken = providers.provider(service).takes_sockets();
    let handshake = if is_taken { socket::Handshake::of(&mut request) } else { None };
    match read(service, local, request).await {
        Some(call) => {
            let reply = carry_out(&providers, call).await.ok_or(NoAnswer)?;
            Ok(match handshake.filter(|_| reply.status == 200) {
                Some(handshake) => handshake.agreed(reply, connected.closed()),
                None => response(reply),
            })
        }
        None => Ok(response(Reply::text(413, "request too large\n"))),
    }
}

/// A gRPC call: carried out as the REST call that means the same, answered in its own form.
async fn answer_rpc(
    providers: Arc<dyn Providers>,
    service: Service,
    local: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<RpcBody>, NoAnswer> {
    let call = read(service, local, request).await.ok_or(NoAnswer)?;
    let rpc = providers.provider(service).rpc().ok_or(NoAnswer)?;
    let answer = match rpc.translate(&call) {
        None => rpc.answer(&call, None),
        Some(rest) => rpc.answer(&call, Some(&carry_out(&providers, rest).await.ok_or(NoAnswer)?)),
    };
    let message = Some(answer.body).filter(|body| !body.is_empty()).map(Frame::data);
    let frames = message.into_iter().chain([Frame::trailers(answer.trailers)]).map(Ok);
    let body: RpcBody = StreamBody::new(futures::stream::iter(frames.collect::<Vec<_>>()));
    let mut response = Response::new(body);
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    Ok(response)
}

type RpcBody = StreamBody<futures::stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>;

async fn read(service: Service, local: SocketAddr, request: Request<Incoming>) -> Option<Call> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await.ok()?;
    let call = Call::new(service, local, head.method, &head.uri).with_headers(head.headers);
    Some(call.with_body(body.to_bytes()))
}

/// Notes the call and carries it out; `None` closes the connection without an answer.
async fn carry_out(providers: &Arc<dyn Providers>, call: Call) -> Option<Reply> {
    let provider = providers.provider(call.service);
    let operation = provider.operation(&call);
    let sequence = providers.frame().ledger.book.arrive(&call, operation, provider.kind(operation, &call));
    // A caller that hangs up doesn't undo its call: it is carried out in a task of its own.
    let _abandoned = Abandon { providers: &**providers, sequence };
    let reply = tokio::spawn({
        let providers = providers.clone();
        async move {
            tokio::select! {
                reply = path::run(providers.clone(), call, sequence) => reply,
                () = providers.frame().closed() => None,
            }
        }
    })
    .await;
    reply.ok().flatten()
}

/// Records that nobody waits for the answer any more; the ledger keeps the first end.
struct Abandon<'a> {
    providers: &'a dyn Providers,
    sequence: u64,
}

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.providers.frame().ledger.book.end(self.sequence, Fate::Abandoned);
    }
}

pub(crate) fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or_default();
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
