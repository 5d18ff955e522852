//! Points at which a call is held, so that a test can kill the function there and nowhere else.

use std::sync::Mutex;

use tokio::sync::{oneshot, watch};

use crate::frame::lock::lock;

/// On which side of the effect a call is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The provider knows nothing of the call yet.
    BeforeEffect,
    /// The change is made, the caller doesn't know it.
    AfterEffect,
}

/// All breakpoints that are set.
#[derive(Debug)]
pub struct Breakpoints {
    set: Mutex<Vec<Breakpoint>>,
    released: watch::Sender<u64>,
}

#[derive(Debug)]
struct Breakpoint {
    operation: String,
    moment: Moment,
    /// What the call's body has to say.
    says: String,
    left: u32,
    reached: Option<oneshot::Sender<()>>,
}

impl Default for Breakpoints {
    fn default() -> Self {
        Self { set: Mutex::default(), released: watch::Sender::new(0) }
    }
}

impl Breakpoints {
    /// Holds the n-th call (from 1, counted from now) of this operation; the receiver fires when it is there.
    pub fn set(&self, operation: &str, nth: u32, moment: Moment) -> oneshot::Receiver<()> {
        self.set_saying(operation, nth, moment, "")
    }

    /// As [`set`](Self::set), of the calls whose body says this.
    pub fn set_saying(&self, operation: &str, nth: u32, moment: Moment, says: &str) -> oneshot::Receiver<()> {
        let (reached, receiver) = oneshot::channel();
        let (operation, says) = (operation.to_owned(), says.to_owned());
        lock(&self.set).push(Breakpoint {
            operation,
            moment,
            says,
            left: nth.max(1),
            reached: Some(reached),
        });
        receiver
    }

    /// Lets every held call go on, and forgets the breakpoints that nobody has reached.
    pub fn release(&self) {
        lock(&self.set).clear();
        self.released.send_modify(|round| *round += 1);
    }

    /// Passes at once, unless a breakpoint is reached: then it waits to be released.
    pub(crate) async fn pass(&self, operation: &str, moment: Moment, body: &[u8]) {
        let mut released = self.released.subscribe();
        let held = lock(&self.set).iter_mut().any(|point| point.reach(operation, moment, body));
        if held {
            // The sender lives as long as the breakpoints: an error means that the sandbox is gone.
            let _gone = released.changed().await;
        }
    }
}

impl Breakpoint {
    fn reach(&mut self, operation: &str, moment: Moment, body: &[u8]) -> bool {
        let is_meant = self.operation == operation && self.moment == moment && self.left > 0;
        if !is_meant || !String::from_utf8_lossy(body).contains(&self.says) {
            return false;
        }
        self.left -= 1;
        if self.left > 0 {
            return false;
        }
        if let Some(reached) = self.reached.take() {
            let _nobody_waits = reached.send(());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite_poll::is_ready;

    mod futures_lite_poll {
        use std::future::Future;
        use std::pin::pin;
        use std::task::{Context, Poll, Waker};

        pub(super) fn is_ready(future: impl Future<Output = ()>) -> bool {
            pin!(future).poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
        }
    }

    #[test]
    fn only_the_nth_call_on_the_right_side_of_the_effect_is_held() {
        let points = Breakpoints::default();
        let mut reached = points.set("run.set", 2, Moment::AfterEffect);
        assert!(is_ready(points.pass("run.set", Moment::AfterEffect, b"")));
        assert!(is_ready(points.pass("run.set", Moment::BeforeEffect, b"")));
        assert!(is_ready(points.pass("run.get", Moment::AfterEffect, b"")));
        assert!(reached.try_recv().is_err());
        assert!(!is_ready(points.pass("run.set", Moment::AfterEffect, b"")));
        assert!(reached.try_recv().is_ok());
        assert!(is_ready(points.pass("run.set", Moment::AfterEffect, b"")));
    }

    #[test]
    fn only_a_call_that_says_what_is_waited_for_is_held() {
        let points = Breakpoints::default();
        let _reached = points.set_saying("objects.insert", 1, Moment::BeforeEffect, "Overtaken");
        assert!(is_ready(points.pass("objects.insert", Moment::BeforeEffect, b"a claim")));
        assert!(!is_ready(points.pass("objects.insert", Moment::BeforeEffect, b"it is Overtaken now")));
    }

    #[tokio::test]
    async fn a_released_call_goes_on() {
        let points = std::sync::Arc::new(Breakpoints::default());
        let reached = points.set("run.set", 1, Moment::BeforeEffect);
        let held = tokio::spawn({
            let points = points.clone();
            async move { points.pass("run.set", Moment::BeforeEffect, b"").await }
        });
        reached.await.expect("the call arrives");
        points.release();
        held.await.expect("the call goes on");
    }
}
