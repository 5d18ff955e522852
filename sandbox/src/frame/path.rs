//! The way of one call: ledger, latency, fault, effect, fault again, answer.
//! The listener starts it and may lose interest; the call is carried out all the same.

use std::sync::Arc;
use std::time::Duration;

use super::Frame;
use super::breakpoint::Moment;
use super::call::{Call, Delivery, Reply};
use super::fault::Fault;
use super::ledger::Fate;
use super::provider::Providers;

/// Carries a call out; `None` closes the connection without an answer.
pub(crate) async fn run(providers: Arc<dyn Providers>, call: Call, sequence: u64) -> Option<Reply> {
    let frame = providers.frame();
    let provider = providers.provider(call.service);
    let operation = provider.operation(&call);
    pause(frame.latency.draw(call.service)).await;
    let fault = frame.faults.pick(&call, operation);
    frame.breakpoints.pass(operation, Moment::BeforeEffect, &call.body).await;
    let reply = match fault.as_ref().and_then(|fault| fault.instead(provider)) {
        Some(reply) => reply,
        None => effect(&*providers, &call, sequence, fault.as_ref()).await,
    };
    frame.breakpoints.pass(operation, Moment::AfterEffect, &call.body).await;
    deliver(frame, reply, sequence).await
}

async fn effect(providers: &dyn Providers, call: &Call, sequence: u64, fault: Option<&Fault>) -> Reply {
    pause(fault.map(Fault::delay).unwrap_or_default()).await;
    let reply = providers.frame().in_turn(|| {
        let reply = providers.provider(call.service).answer(call);
        providers.answered(call.service, sequence, &reply);
        reply
    });
    providers.frame().ledger.book.effect(sequence);
    match fault {
        Some(fault) => fault.afterwards(reply),
        None => reply,
    }
}

async fn deliver(frame: &Frame, reply: Reply, sequence: u64) -> Option<Reply> {
    match reply.delivery {
        Delivery::AtOnce => {}
        Delivery::After(delay) => pause(delay).await,
        Delivery::Never => std::future::pending().await,
        Delivery::Reset => {
            frame.ledger.book.end(sequence, Fate::Dropped);
            return None;
        }
    }
    frame.ledger.book.end(sequence, Fate::Answered(reply.status));
    Some(reply)
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Aim, Options, Sandbox, Service};

    async fn sandbox() -> Sandbox {
        Sandbox::start(Options { sites: Vec::new(), ..Options::default() }).await.expect("loopback")
    }

    async fn get(sandbox: &Sandbox) -> reqwest::Result<reqwest::Response> {
        let client = reqwest::Client::builder().timeout(Duration::from_millis(300)).build()?;
        client.get(sandbox.url(Service::Cloudflare).join("x").expect("a url")).send().await
    }

    #[tokio::test]
    async fn an_unknown_route_is_refused_and_remembered() {
        let sandbox = sandbox().await;
        assert_eq!(get(&sandbox).await.expect("an answer").status(), 400);
        assert_eq!(sandbox.world.ledger.unknown().len(), 1);
    }

    #[tokio::test]
    async fn a_fault_that_prevents_the_effect_answers_instead_of_the_provider() {
        let sandbox = sandbox().await;
        sandbox.world.fault(Aim::service(Service::Cloudflare), Fault::retry_after(503, 7));
        let answer = get(&sandbox).await.expect("an answer");
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "7");
        assert!(!sandbox.world.ledger.calls()[0].effect);
    }

    #[tokio::test]
    async fn a_lost_answer_has_its_effect_all_the_same() {
        let sandbox = sandbox().await;
        sandbox.world.fault(Aim::service(Service::Cloudflare), Fault::LostAnswer);
        assert!(get(&sandbox).await.is_err());
        let record = &sandbox.world.ledger.calls()[0];
        assert_eq!((record.effect, record.fate), (true, Fate::Dropped));
    }

    #[tokio::test]
    async fn a_late_effect_comes_though_the_caller_has_gone() {
        let sandbox = sandbox().await;
        sandbox.world.fault(Aim::service(Service::Cloudflare), Fault::LateEffect(Duration::from_millis(500)));
        assert!(get(&sandbox).await.is_err_and(|error| error.is_timeout()));
        sandbox.world.ledger.until(|records| records[0].effect).await;
        assert_eq!(sandbox.world.ledger.calls()[0].fate, Fate::Abandoned);
    }

    #[tokio::test]
    async fn a_call_is_held_at_a_breakpoint_until_it_is_released() {
        let sandbox = sandbox().await;
        let reached = sandbox.world.stop_at("cloudflare.unknown", 1, Moment::BeforeEffect);
        let asking = async { get(&sandbox).await.expect("an answer").status() };
        let releasing = async {
            reached.await.expect("the call arrives");
            assert!(!sandbox.world.ledger.calls()[0].effect);
            sandbox.world.breakpoints.release();
        };
        assert_eq!(tokio::join!(asking, releasing).0, 400);
    }

    #[tokio::test]
    async fn an_address_that_is_closed_refuses_and_opened_again_answers() {
        let sandbox = sandbox().await;
        let address = sandbox.address(Service::Cloudflare);
        sandbox.world.listeners.open(address, false);
        assert!(get(&sandbox).await.is_err_and(|error| error.is_connect()));
        sandbox.world.listeners.open(address, true);
        assert_eq!(get(&sandbox).await.expect("an answer").status(), 400);
    }
}
