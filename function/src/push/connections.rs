//! Connections: the door is open to the world, so those that say nothing are few and don't stay.
//!
//! A connection waits until a request of it was read whole, and again once that was answered. So many may wait: whoever
//! comes then takes the place of the one that has waited longest. One whose request is worked on is left alone.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper::{
    body::{Body, Incoming},
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use nix::sys::resource::{Resource, getrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::{sleep, timeout},
};
use warp::Filter;

use super::Answer;

/// So many wait at a time, where descriptors allow it: own choice, many times what Cloud Run sends one instance.
const WAITING: usize = 256;

/// Of the descriptors that a process may have, those that wait take so small a part.
const PART_OF_DESCRIPTORS: u64 = 4;

/// A first request has to be there by then: own choice, many times what a slow line takes.
const HEARD_WITHIN: Duration = Duration::from_secs(30);

/// The head of a further one, counted from the answer before: longer than Google's front ends keep an idle connection,
/// which is 10 min (Cloud Load Balancing documentation, "Backend services overview", timeouts).
const HEARD_AGAIN_WITHIN: Duration = Duration::from_secs(620);

/// How long to leave the listener alone when no descriptor is left.
const WITHOUT_DESCRIPTORS: Duration = Duration::from_millis(50);

/// So seldom it is said that none is left.
const SAID_EVERY: Duration = Duration::from_mins(1);

/// By which a connection is told to end.
type End = Arc<Notify>;

/// The connections that wait, longest first.
#[derive(Debug)]
struct Waiting {
    most: usize,
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    next: u64,
    taken: BTreeMap<u64, End>,
}

/// A connection of ours, as its requests know it.
#[derive(Debug, Clone)]
pub(super) struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Arc<Waiting>,
    /// Told when it has to give its place to another.
    end: End,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    place: Option<u64>,
    /// Requests of it that are worked on.
    working: usize,
    heard: bool,
}

/// A request of a connection is worked on for as long as this is kept.
#[derive(Debug)]
pub(super) struct Working(Connection);

impl Waiting {
    fn new() -> Self {
        let descriptors = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
        let part = usize::try_from(descriptors / PART_OF_DESCRIPTORS).unwrap_or(usize::MAX);
        Self { most: part.clamp(1, WAITING), places: Mutex::default() }
    }

    fn take_place(&self, end: &End) -> u64 {
        let mut places = lock(&self.places);
        if places.taken.len() >= self.most {
            places.end(1);
        }
        let place = places.next;
        places.next += 1;
        places.taken.insert(place, Arc::clone(end));
        place
    }

    fn leave(&self, place: u64) {
        lock(&self.places).taken.remove(&place);
    }

    /// Ends some of those that have waited longest: others need their descriptors.
    fn make_room(&self) {
        let mut places = lock(&self.places);
        let some = places.taken.len().div_ceil(4);
        places.end(some);
    }
}

impl Places {
    fn end(&mut self, longest: usize) {
        for _ in 0..longest {
            let Some((_, end)) = self.taken.pop_first() else { return };
            end.notify_one();
        }
    }
}

impl Connection {
    fn open(waiting: &Arc<Waiting>) -> Self {
        let (end, waiting) = (End::default(), Arc::clone(waiting));
        let place = Some(waiting.take_place(&end));
        let state = Mutex::new(State { place, ..State::default() });
        Self(Arc::new(Shared { waiting, end, state }))
    }

    /// A request of it was read whole and is worked on.
    pub(super) fn works(&self) -> Working {
        let mut state = lock(&self.0.state);
        state.working += 1;
        if let Some(place) = state.place.take() {
            self.0.waiting.leave(place);
        }
        Working(self.clone())
    }

    /// The head of a request of it was read; it is worked on from now on where no body follows.
    fn heard(&self, body: &Incoming) -> Option<Working> {
        lock(&self.0.state).heard = true;
        body.is_end_stream().then(|| self.works())
    }

    /// Waits until it has to go: another needs its place, or it never asked for anything.
    async fn is_over(&self) {
        if timeout(HEARD_WITHIN, self.gives_way()).await.is_err() && lock(&self.0.state).heard {
            self.gives_way().await;
        }
    }

    async fn gives_way(&self) {
        loop {
            self.0.end.notified().await;
            if lock(&self.0.state).working == 0 {
                return;
            }
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let shared = &self.0.0;
        let mut state = lock(&shared.state);
        state.working -= 1;
        if state.working == 0 {
            state.place = Some(shared.waiting.take_place(&shared.end));
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(place) = lock(&self.state).place.take() {
            self.waiting.leave(place);
        }
    }
}

/// Serves `routes` on `listener` until `shutdown`, then until the requests that are under way have ended.
pub(super) async fn serve<F>(listener: TcpListener, routes: F, shutdown: impl Future<Output = ()>)
where
    F: Filter<Extract = (Answer,), Error = Infallible> + Clone + Send + Sync + 'static,
{
    let (graceful, waiting) = (GracefulShutdown::new(), Arc::new(Waiting::new()));
    let mut shutdown = std::pin::pin!(shutdown);
    let mut said = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, _)) => converse(stream, routes.clone(), &graceful, &waiting),
            Err(error) if is_of_one(&error) => tracing::debug!(%error, "a connection was gone at once"),
            Err(error) => {
                say_seldom(&error, &mut said);
                waiting.make_room();
                sleep(WITHOUT_DESCRIPTORS).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

/// Whether this says something of one connection, and nothing of those to come (accept(2)).
fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn say_seldom(error: &io::Error, said: &mut Option<Instant>) {
    if said.is_none_or(|said| said.elapsed() >= SAID_EVERY) {
        *said = Some(Instant::now());
        tracing::warn!(%error, "no connection can be accepted; those that wait longest are ended");
    }
}

fn converse<F>(stream: TcpStream, routes: F, graceful: &GracefulShutdown, waiting: &Arc<Waiting>)
where
    F: Filter<Extract = (Answer,), Error = Infallible> + Clone + Send + Sync + 'static,
{
    let connection = Connection::open(waiting);
    let (answers, known) = (TowerToHyperService::new(warp::service(routes)), connection.clone());
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        let working = known.heard(request.body());
        request.extensions_mut().insert(known.clone());
        let answered = answers.call(request);
        async move {
            let answer = answered.await;
            drop(working);
            answer
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEARD_AGAIN_WITHIN);
    let served = graceful.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
    tokio::spawn(async move {
        tokio::select! {
            served = served => if let Err(error) = served {
                tracing::debug!(error = &*error as &dyn std::error::Error, "a connection broke");
            },
            () = connection.is_over() => tracing::debug!("a connection that said nothing was ended"),
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
