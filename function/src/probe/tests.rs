//! Probes against listeners that answer by hand.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
};

use super::*;

mod places;
mod visits;

/// A site on loopback: what it answers to a request, and how many connections it took.
struct Place {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Place {
    /// Answers each request head with what `answer` makes of it; an empty answer leaves the visitor waiting.
    async fn serve(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (answer, counter) = (Arc::new(answer), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let mut head = vec![0; 8192];
                    let read = stream.read(&mut head).await.unwrap_or_default();
                    let told = answer(&String::from_utf8_lossy(&head[..read]));
                    if told.is_empty() {
                        std::future::pending::<()>().await;
                    }
                    let _ = stream.write_all(told.as_bytes()).await;
                });
            }
        });
        Self { address, connections }
    }

    /// Always answers this.
    async fn says(answer: String) -> Self {
        Self::serve(move |_| answer.clone()).await
    }

    fn url(&self) -> Url {
        format!("http://{}/", self.address).parse().unwrap()
    }
}

/// An address where nobody listens: taken, so that nobody else gets it meanwhile.
fn nowhere() -> Url {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = Box::leak(Box::new(socket)).local_addr().unwrap();
    format!("http://{address}/").parse().unwrap()
}

fn response(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn redirect(to: &str) -> String {
    response(302, &format!("location: {to}\r\n"), "")
}

fn site(public: &Url, standby: &Url) -> Targets {
    Targets {
        public: Some(public.clone()),
        witness: Witness::Origin,
        standby: Some(standby.clone()),
        primary: None,
        connect: None,
        by_name: false,
        expect: Expect { status: 200, contains: "primary".to_owned() },
        standby_expect: Expect { status: 200, contains: "standby".to_owned() },
    }
}

fn prober() -> Prober {
    Prober::new(Duration::from_millis(400))
}

/// What the public URL's answer means; `{public}` in the expectation stands for its address.
#[track_caller]
fn check(answer: &Answer, public: &Url, expected: &str) {
    let told = match &answer.served {
        Served::By(who) => format!("by {who}"),
        Served::Silent(why) => format!("silent: {why}"),
        Served::Unknown(why) => format!("unknown: {why}"),
    };
    assert_eq!(told.replace(public.as_str(), "{public}"), expected);
}

async fn check_public(answer: String, expected: &str) {
    let place = Place::says(answer).await;
    let seen = prober().public(&site(&place.url(), &nowhere())).await;
    check(&seen, &place.url(), expected);
}
