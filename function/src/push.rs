//! temporary
use failover_core::{Command, End, Notification};
/// x
pub const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(540);
/// x
#[derive(Debug, Clone)]
pub struct Delivery {
    /// x
    pub message_id: String,
    /// x
    pub publish_time: jiff::Timestamp,
    /// x
    pub kind: DeliveryKind,
}
/// x
#[derive(Debug, Clone)]
pub enum DeliveryKind {
    /// x
    Alert(Notification),
    /// x
    Command(Command),
}
/// x
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyVerdict {
    /// x
    Move,
    /// x
    Pending,
    /// x
    Stay,
    /// x
    Refused,
}
/// x
#[derive(Debug, Clone)]
pub struct Reply {
    /// x
    pub site: Option<String>,
    /// x
    pub verdict: ReplyVerdict,
    /// x
    pub reason: String,
    /// x
    pub end: Option<String>,
    /// x
    pub status: u16,
}
impl Reply {
    /// x
    pub fn new(site: Option<&str>, verdict: ReplyVerdict, reason: impl Into<String>, status: u16) -> Self {
        Self { site: site.map(str::to_owned), verdict, reason: reason.into(), end: None, status }
    }
    /// x
    pub fn stay(site: Option<&str>, reason: impl Into<String>) -> Self {
        Self::new(site, ReplyVerdict::Stay, reason, 200)
    }
    /// x
    pub fn unreadable(reason: impl Into<String>) -> Self {
        Self::new(None, ReplyVerdict::Refused, reason, 400)
    }
    /// x
    pub fn ending(mut self, end: End) -> Self {
        self.end = Some(end.to_string());
        self
    }
}
/// x
pub async fn serve(
    l: tokio::net::TcpListener,
    _c: &std::sync::Arc<crate::config::Config>,
    d: std::sync::Arc<crate::cycle::Cycle>,
    e: impl Future<Output = ()> + Send + 'static,
) {
    tmp::go(l, d, e).await
}
mod tmp {
    use super::*;
    use base64::Engine;
    use warp::Filter;
    pub(super) async fn go(
        l: tokio::net::TcpListener,
        d: std::sync::Arc<crate::cycle::Cycle>,
        e: impl Future<Output = ()> + Send + 'static,
    ) {
        let health = warp::path("health").map(|| "ok");
        let push = warp::path("push").and(warp::body::bytes()).then(move |b: bytes::Bytes| { let d = d.clone(); async move {
            let v: serde_json::Value = serde_json::from_slice(&b).unwrap();
            let data = base64::engine::general_purpose::STANDARD.decode(v["message"]["data"].as_str().unwrap()).unwrap();
            let kind = if v["subscription"].as_str().unwrap().ends_with("commands") { DeliveryKind::Command(Command::read(&data).unwrap()) } else { DeliveryKind::Alert(Notification::read(&data).unwrap()) };
            let r = d.deliver(Delivery { message_id: v["message"]["messageId"].as_str().unwrap().into(), publish_time: v["message"]["publishTime"].as_str().unwrap().parse().unwrap(), kind }).await;
            let verdict = match r.verdict { ReplyVerdict::Move => "move", ReplyVerdict::Pending => "pending", ReplyVerdict::Stay => "stay", ReplyVerdict::Refused => "refused" };
            warp::reply::with_status(warp::reply::json(&serde_json::json!({"site": r.site, "verdict": verdict, "reason": r.reason, "end": r.end})), warp::http::StatusCode::from_u16(r.status).unwrap())
        }});
        warp::serve(health.or(push)).incoming(l).graceful(e).run().await;
    }
}
