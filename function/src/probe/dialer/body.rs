//! The rest of an answer, whose connection lives exactly as long.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::task::AbortHandle;

/// Ends a connection when it is dropped.
#[derive(Debug)]
pub(super) struct Driver(AbortHandle);

/// Keeps a connection going until its driver is dropped.
pub(super) fn drive(connection: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Driver {
    let driving = tokio::spawn(async move {
        // Whoever waits for the answer is told the same.
        let _broken = connection.await;
    });
    Driver(driving.abort_handle())
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A body with its connection.
#[derive(Debug)]
pub(super) struct ConnectedBody {
    rest: Incoming,
    _driver: Driver,
}

impl ConnectedBody {
    pub(super) fn new(rest: Incoming, driver: Driver) -> Self {
        Self { rest, _driver: driver }
    }
}

impl Body for ConnectedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.rest).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.size_hint()
    }
}
