//! Pub/Sub, as far as the function may know it: messages are delivered at least once, in any order, until they are
//! acknowledged.

use std::sync::{Arc, Mutex};

use ::stage::{Answer, payload};
use jiff::Timestamp;
use serde_json::Value;

use crate::words::Said;

/// A message and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) said: Said,
    /// What each delivery was answered; an error is a connection that broke.
    pub(crate) answers: Vec<Result<Answer, String>>,
    /// Whether Pub/Sub may let go of it: acknowledged, or unreadable and kept on the dead-letter topic.
    pub(crate) settled: bool,
}

impl Message {
    /// As it is pushed.
    pub(crate) fn push(&self) -> Value {
        payload::push(self.said.subscription, &self.id, self.said.published, &self.said.body)
    }

    /// The command's word, if it is one.
    pub(crate) fn verb(&self) -> Option<&str> {
        self.said.body["command"].as_str()
    }

    /// Whether a command insists.
    pub(crate) fn is_forced(&self) -> bool {
        self.said.body["force"] == true
    }

    /// Whether it may have more to say now than when it came first: a closed incident that overtook its opening, or
    /// one that opened while the standby served and that a failback, ordered before, had not been heard yet.
    pub(crate) fn had_nothing_to_say(&self) -> bool {
        let first = self.answers.iter().flatten().find(|answer| answer.status == 200);
        let came_early = first.is_some_and(|answer| answer.text("reason").contains("on its standby already"));
        match self.said.body["incident"]["state"].as_str() {
            Some("closed") => true,
            Some("open") => came_early,
            _ => false,
        }
    }

    /// When it was published, as orders are compared: in whole seconds.
    pub(crate) fn order_time(&self) -> i64 {
        self.said.published.as_second()
    }
}

/// All messages, in the order in which they were published.
#[derive(Debug, Default, Clone)]
pub(crate) struct Post(Arc<Mutex<Vec<Message>>>);

impl Post {
    /// Takes a message; its place.
    pub(crate) fn publish(&self, said: Said) -> usize {
        let mut messages = self.0.lock().expect("messages");
        let id = format!("{}", 1000 + messages.len());
        messages.push(Message { id, said, answers: Vec::new(), settled: false });
        messages.len() - 1
    }

    /// Notes what a delivery was answered.
    pub(crate) fn answered(&self, place: usize, answer: Result<Answer, String>) {
        let mut messages = self.0.lock().expect("messages");
        let message = &mut messages[place];
        message.settled |= answer.as_ref().is_ok_and(|answer| matches!(answer.status, 200 | 400));
        message.answers.push(answer);
    }

    /// All of them, as they are now.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.0.lock().expect("messages").clone()
    }

    /// The places of those that are still to be delivered.
    pub(crate) fn outstanding(&self) -> Vec<usize> {
        let messages = self.messages();
        (0..messages.len()).filter(|place| !messages[*place].settled).collect()
    }

    /// One line a message, for whoever reads a failure.
    pub(crate) fn report(&self) -> String {
        let line = |message: &Message| {
            let answers: Vec<String> = message.answers.iter().map(told).collect();
            let said = &message.said;
            format!(
                "{} at {} {}: {}",
                message.id,
                short(said.published),
                gist(&said.body),
                answers.join(" | ")
            )
        };
        self.messages().iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn told(answer: &Result<Answer, String>) -> String {
    match answer {
        Ok(answer) => format!("{} {}", answer.status, answer.body),
        Err(why) => why.clone(),
    }
}

fn gist(body: &Value) -> String {
    if body.get("command").is_some() {
        return body.to_string();
    }
    let incident = &body["incident"];
    format!("incident {} {} since {}", incident["incident_id"], incident["state"], incident["started_at"])
}

fn short(time: Timestamp) -> i64 {
    time.as_second()
}
