//! The page on loopback, over sites that were told beforehand.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use cloud_failover::{
    api::Secret,
    page::{Keys, Overview, PageKey, Public, Source, routes_at},
};
use jiff::Timestamp;
use tokio::{net::TcpListener, task::JoinHandle};

/// Sites that were told beforehand.
pub(crate) struct Told(pub(crate) Vec<Overview>);

#[async_trait]
impl Source for Told {
    async fn overviews(&self) -> Vec<Overview> {
        self.0.clone()
    }

    fn unlooked(&self) -> Vec<Overview> {
        self.0.clone()
    }
}

/// A source that never answers.
pub(crate) struct Silent(pub(crate) Vec<Overview>);

#[async_trait]
impl Source for Silent {
    async fn overviews(&self) -> Vec<Overview> {
        std::future::pending().await
    }

    fn unlooked(&self) -> Vec<Overview> {
        self.0.clone()
    }
}

pub(crate) fn page_key(key: &str) -> PageKey {
    PageKey::new(&Secret::new(key))
}

/// A server that ends with the test.
pub(crate) struct Server {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Server {
    /// Shows `source` as it is at `now`.
    pub(crate) async fn start(source: impl Source, key: Option<&str>, now: Timestamp) -> Self {
        Self::open_to(source, Keys { page: key.map(page_key), public: Public::Closed }, now).await
    }

    /// Shows `source` as it is at `now` to whoever has these keys.
    pub(crate) async fn open_to(source: impl Source, keys: Keys, now: Timestamp) -> Self {
        let routes = routes_at(Arc::new(source), keys, Arc::new(move || now));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(warp::serve(routes).incoming(listener).run());
        Self { address, serving }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
