//! The control: a door of the sandbox for whoever plays with it, by curl or from a test.
//!
//! `PUT /primary/power` with `on` or `off`; `POST /commands` publishes what an operator would; `GET /journal` shows
//! the function's journal, a line an entry.

use std::{net::SocketAddr, sync::Arc};

use ::stage::journal::Journals;
use anyhow::Context;
use bytes::Bytes;
use http::StatusCode;
use sandbox::{Power, World, pubsub};
use serde_json::Value;
use tokio::net::TcpListener;
use warp::{Filter, reply::WithStatus};

/// An answer in a line.
type Said = WithStatus<String>;

/// Listens on this port of loopback, or on any with 0, until the runtime ends.
///
/// # Errors
/// When the port is taken.
pub(super) async fn start(world: Arc<World>, site: &str, port: u16) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    let listener =
        listener.with_context(|| format!("port {port} could not be listened on for the control"))?;
    let address = listener.local_addr().context("the control has no address")?;
    let (site, journaled, power_world) = (site.to_owned(), site.to_owned(), Arc::clone(&world));
    let power = warp::path!("primary" / "power")
        .and(warp::put())
        .and(warp::body::bytes())
        .map(move |body: Bytes| set_power(&power_world, &site, &body));
    let publish_world = Arc::clone(&world);
    let commands = warp::path!("commands")
        .and(warp::post())
        .and(warp::body::bytes())
        .map(move |body: Bytes| publish(&publish_world, body));
    let journal = warp::path!("journal")
        .and(warp::get())
        .map(move || said(StatusCode::OK, &journal(&world, &journaled)));
    tokio::spawn(warp::serve(power.or(commands).or(journal)).incoming(listener).run());
    Ok(address)
}

fn set_power(world: &World, site: &str, body: &Bytes) -> Said {
    let power = match body.trim_ascii() {
        b"on" => Power::On,
        b"off" => Power::Off,
        _ => return said(StatusCode::BAD_REQUEST, "say on or off\n"),
    };
    world.set_primary(site, power);
    said(StatusCode::OK, if power == Power::On { "the primary runs\n" } else { "the primary is gone\n" })
}

fn publish(world: &World, body: Bytes) -> Said {
    let id = world.pubsub.publish(&pubsub::topic("failover-commands"), body, &[]);
    said(StatusCode::OK, &format!("published as message {id}\n"))
}

/// Entries without the state that each carries, which makes them long.
fn journal(world: &World, site: &str) -> String {
    let journals = Journals::of(world);
    let entries = journals.stored(site).filter_map(|(_, content)| serde_json::from_slice(content).ok());
    let line = |entry: Value| format!("{} {} {}\n", entry["number"], entry["at"], entry["event"]);
    entries.map(line).collect()
}

fn said(status: StatusCode, text: &str) -> Said {
    warp::reply::with_status(text.to_owned(), status)
}
