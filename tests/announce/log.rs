//! What of an announcement reaches the log, and what of a webhook must not.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud_failover::announce::{Announcer, Outlet, WebhookKind};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    ended,
    receiver::{Answer, Receiver},
};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Paper {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn an_announcement_is_one_line_and_a_failed_webhook_one_more_without_its_url() {
    // A place that speaks for the first time while a log begins may be missed: each has spoken once before.
    tell_in_vain().await;
    let paper = Paper::default();
    let subscriber = tracing_subscriber::fmt().with_writer(paper.clone()).with_ansi(false).finish();
    let _log = tracing::subscriber::set_default(subscriber);
    tell_in_vain().await;
    let log = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(
        lines[0].contains("the failover of resume ended Done") && lines[0].contains("kind=\"ended\""),
        "{log}"
    );
    assert!(lines[1].contains("could not tell Slack at 127.0.0.1") && lines[1].contains("404"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

/// Announces to a webhook that isn't there.
async fn tell_in_vain() {
    let receiver = Receiver::answering(vec![Answer::Status(404)]).await;
    let outlet: Arc<dyn Outlet> =
        Arc::new(receiver.webhook(WebhookKind::Slack, None, Duration::from_secs(10)));
    let announcer = Announcer::new(vec![outlet]);
    announcer.tell(ended());
    assert!(announcer.settle(Duration::from_secs(20)).await);
    receiver.arrived(1).await;
}
