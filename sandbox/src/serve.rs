//! Listens on one address and turns HTTP into calls and replies into HTTP.
//! Knows nothing of what any provider does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::call::{Call, Reply};
use crate::conduct::conduct;
use crate::doors::Reservation;
use crate::ledger::{Fate, Ledger};
use crate::provider::Service;
use crate::world::World;

/// Larger requests are refused; no provider here is ever sent more.
const BODY_LIMIT: usize = 8 << 20;

/// How soon a door that couldn't be opened is tried again: own choice.
const RETRY: Duration = Duration::from_millis(10);

/// Serves until the task is aborted, whenever the door is open.
pub(crate) fn serve(
    world: Arc<World>,
    service: Service,
    reservation: Reservation,
) -> std::io::Result<JoinHandle<()>> {
    let door = world.doors.add(reservation.address());
    let first = reservation.listen()?;
    Ok(tokio::spawn(async move {
        let mut listener = Some(first);
        loop {
            if let Some(listener) = listener.take() {
                accept(&world, service, listener, door.clone()).await;
            }
            if door.clone().wait_for(|open| *open).await.is_err() {
                return;
            }
            listener = reservation.listen().ok();
            if listener.is_none() {
                tokio::time::sleep(RETRY).await;
            }
        }
    }))
}

async fn accept(world: &Arc<World>, service: Service, listener: TcpListener, door: watch::Receiver<bool>) {
    let shut = shut(door.clone());
    tokio::pin!(shut);
    loop {
        tokio::select! {
            () = &mut shut => return,
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                tokio::spawn(connection(world.clone(), service, stream, door.clone()));
            },
        }
    }
}

async fn connection(world: Arc<World>, service: Service, stream: TcpStream, door: watch::Receiver<bool>) {
    let Ok(local) = stream.local_addr() else { return };
    // Shared listeners are bound to every address; nothing that isn't loopback is served.
    if !local.ip().is_loopback() {
        return;
    }
    // Without it, small answers to pipelined connections wait 40 ms for an acknowledgement.
    let _best_effort = stream.set_nodelay(true);
    let answer = service_fn(|request| answer(world.clone(), service, local, request));
    let mut http = hyper::server::conn::http1::Builder::new();
    let connection = http.half_close(false).serve_connection(TokioIo::new(stream), answer);
    tokio::select! {
        _ended = connection => {}
        () = shut(door) => {}
    }
}

async fn shut(mut door: watch::Receiver<bool>) {
    // An error means that the doors are gone, and the sandbox with them.
    let _gone = door.wait_for(|open| !open).await;
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
    world: Arc<World>,
    service: Service,
    local: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, NoAnswer> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        return Ok(response(Reply::text(413, "request too large\n")));
    };
    let call = Call::new(service, local, head.method, &head.uri)
        .with_headers(head.headers)
        .with_body(body.to_bytes());
    let provider = world.provider(service);
    let operation = provider.operation(&call);
    let sequence = world.ledger.arrive(&call, operation, provider.kind(operation, &call));
    // A caller that hangs up doesn't undo its call: it is carried out in a task of its own.
    let _abandoned = Abandon { world: &world, sequence };
    let reply = tokio::spawn({
        let world = world.clone();
        async move {
            tokio::select! {
                reply = conduct(world.clone(), call, sequence) => reply,
                () = world.closed() => None,
            }
        }
    })
    .await;
    reply.ok().flatten().map(response).ok_or(NoAnswer)
}

/// Records that nobody waits for the answer any more; the ledger keeps the first end.
struct Abandon<'a> {
    world: &'a World,
    sequence: u64,
}

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        let ledger: &Ledger = &self.world.ledger;
        ledger.end(self.sequence, Fate::Abandoned);
    }
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or_default();
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
