//! What a monitor says, in whatever shape it says it: pure.
//!
//! Uptime Kuma (`server/notification-providers/webhook.js`), Alertmanager and Grafana (`notify/webhook/webhook.go`,
//! version 4), `UptimeRobot` (parameters of the URL), `HetrixTools` and others have shapes of their own; gatus and
//! healthchecks.io post what one tells them to. Read 2026-11-29.

use serde_json::Value;

/// A request, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What follows the question mark.
    pub query: &'a str,
    /// The body's type.
    pub kind: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What it has seen.
    pub seen: Seen,
    /// The monitor's own name, one plain word.
    pub monitor: String,
    /// Of which host, if it said so.
    pub host: Option<String>,
    /// Of which site, if it said so.
    pub site: Option<String>,
    /// What it met.
    pub summary: String,
}

/// What a monitor has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The site doesn't answer.
    Down,
    /// It answers again.
    Up,
    /// Neither: a test, a maintenance, a certificate.
    Nothing,
}

/// Where monitors say how a site is; the first that is there counts.
const STATES: &[&str] = &[
    "/heartbeat/status",
    "/alertType",
    "/monitor_status",
    "/check/status",
    "/state",
    "/status",
    "/trigger",
    "/event",
];
const SUMMARIES: &[&str] = &[
    "/heartbeat/msg",
    "/summary",
    "/alertDetails",
    "/check/failure_reason",
    "/commonAnnotations/summary",
    "/commonAnnotations/description",
    "/message",
    "/msg",
    "/description",
];
const URLS: &[&str] = &[
    "/monitor/url",
    "/monitorURL",
    "/monitor_target",
    "/commonLabels/instance",
    "/alerts/0/labels/instance",
    "/url",
];
const SITES: &[&str] = &["/site", "/commonLabels/site", "/alerts/0/labels/site"];

const DOWN: &[&str] = &[
    "down",
    "firing",
    "alerting",
    "triggered",
    "open",
    "offline",
    "failed",
    "fail",
    "critical",
    "error",
    "problem",
];
const UP: &[&str] =
    &["up", "resolved", "ok", "closed", "online", "successful", "success", "recovered", "recovery", "clear"];
/// What is told and isn't of this kind.
const NOTHING: &[&str] =
    &["pending", "maintenance", "paused", "started", "test", "nodata", "no_data", "unknown"];

/// Reads a request; or why it can't be read.
pub(super) fn read(request: &Request<'_>) -> Result<Heard, String> {
    let said = said(request)?;
    let find = |places: &[&str]| places.iter().find_map(|place| said.pointer(place)).and_then(text);
    let summary = find(SUMMARIES).unwrap_or_default();
    let monitor = plain(find(&["/name"]).as_deref().unwrap_or(whose(&said)));
    let seen = seen(&said)?;
    let summary = if summary.is_empty() { format!("{monitor} reports it") } else { shortened(&summary) };
    Ok(Heard { seen, monitor, host: find(URLS).as_deref().and_then(host), site: find(SITES), summary })
}

/// The body as JSON, with what the URL says in front of it.
fn said(request: &Request<'_>) -> Result<Value, String> {
    let pairs = pairs(request.query.as_bytes());
    let mut said = body(request)?;
    let Some(object) = said.as_object_mut() else { return Err("the body is no JSON object".to_owned()) };
    for (name, value) in pairs.into_iter().filter(|(name, _)| name != "key") {
        // Uptime Kuma's GET has JSON in its parameters.
        let value = if value.starts_with('{') {
            serde_json::from_str(&value).unwrap_or(value.into())
        } else {
            value.into()
        };
        object.insert(name, value);
    }
    Ok(said)
}

fn body(request: &Request<'_>) -> Result<Value, String> {
    let nothing = || Ok(Value::Object(serde_json::Map::new()));
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return nothing();
    }
    if request.kind.starts_with("application/x-www-form-urlencoded") {
        return Ok(Value::Object(
            pairs(request.body).into_iter().map(|(name, value)| (name, value.into())).collect(),
        ));
    }
    let json =
        if request.kind.starts_with("multipart/form-data") { part(request.body) } else { request.body };
    match serde_json::from_slice(json) {
        Ok(value) => Ok(value),
        // Some say all in the URL, and send a text besides.
        Err(_) if request.query.contains("state=") || request.query.contains("status=") => nothing(),
        Err(error) => Err(format!("the body is not JSON: {error}")),
    }
}

/// The JSON in a form of several parts: Uptime Kuma sends one, named `data`.
fn part(body: &[u8]) -> &[u8] {
    let start = body.iter().position(|byte| *byte == b'{').unwrap_or(0);
    let end = body.iter().rposition(|byte| *byte == b'}').map_or(body.len(), |end| end + 1);
    body.get(start..end).unwrap_or_default()
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn seen(said: &Value) -> Result<Seen, String> {
    // Uptime Kuma's test has a heartbeat of nothing.
    if said.get("heartbeat").is_some_and(Value::is_null) {
        return Ok(Seen::Nothing);
    }
    let found = STATES.iter().find_map(|place| Some((*place, said.pointer(place).and_then(text)?)));
    let Some((place, word)) = found else {
        return Err(
            "nothing in it says whether the site is up or down; add ?state=down or ?state=up".to_owned()
        );
    };
    let word = word.to_lowercase();
    let last = word.rsplit(['.', ':', ' ']).next().unwrap_or_default();
    let is_one_of = |words: &[&str]| words.contains(&word.as_str()) || words.contains(&last);
    match (place, word.as_str()) {
        ("/heartbeat/status", "0") | ("/alertType", "1") => Ok(Seen::Down),
        ("/heartbeat/status", "1") | ("/alertType", "2") => Ok(Seen::Up),
        ("/heartbeat/status" | "/alertType", _) => Ok(Seen::Nothing),
        _ if is_one_of(DOWN) => Ok(Seen::Down),
        _ if is_one_of(UP) => Ok(Seen::Up),
        _ if is_one_of(NOTHING) => Ok(Seen::Nothing),
        _ => Err(format!("{:?} is neither up nor down; add ?state=down or ?state=up", shortened(&word))),
    }
}

/// Whose shape it is: two monitors are two witnesses.
fn whose(said: &Value) -> &'static str {
    let has = |key: &str| said.get(key).is_some();
    if has("heartbeat") {
        "uptime-kuma"
    } else if has("alerts") && has("groupKey") {
        "alertmanager"
    } else if has("alertType") {
        "uptimerobot"
    } else if has("monitor_status") {
        "hetrixtools"
    } else {
        "monitor"
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// It becomes part of ids, so it is one plain word.
fn plain(name: &str) -> String {
    let letters = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    let plain: String = name.chars().take(60).map(letters).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "monitor".to_owned() } else { plain.to_owned() }
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(300).collect()
}

/// The host of a URL, or of what Prometheus calls an instance.
fn host(text: &str) -> Option<String> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    url::Url::parse(&whole).ok()?.host_str().map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "application/json";

    #[track_caller]
    fn heard(query: &str, kind: &str, body: &str) -> Heard {
        read(&Request { query, kind, body: body.as_bytes() }).unwrap_or_else(|why| panic!("{why}: {body}"))
    }

    #[track_caller]
    fn hears(query: &str, kind: &str, body: &str, seen: Seen, monitor: &str, host: Option<&str>) {
        let heard = heard(query, kind, body);
        assert_eq!(
            (heard.seen, heard.monitor.as_str(), heard.host.as_deref()),
            (seen, monitor, host),
            "{body}"
        );
    }

    #[test]
    fn uptime_kuma_is_understood_in_each_of_its_ways() {
        let body = |status: u8| {
            format!(
                r#"{{"heartbeat":{{"monitorID":29,"status":{status},"time":"2026-11-20 23:51:35.527","msg":"connect ECONNREFUSED 203.0.113.7:443","important":true,"duration":0}},"monitor":{{"id":29,"name":"My site","url":"https://www.example.com/","hostname":null}},"msg":"[My site] [x] Down"}}"#
            )
        };
        let host = Some("www.example.com");
        for (status, seen) in [(0, Seen::Down), (1, Seen::Up), (2, Seen::Nothing), (3, Seen::Nothing)] {
            hears("", JSON, &body(status), seen, "uptime-kuma", host);
        }
        assert_eq!(heard("", JSON, &body(0)).summary, "connect ECONNREFUSED 203.0.113.7:443");
        let form =
            format!("--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{}\r\n--b--\r\n", body(0));
        hears("", "multipart/form-data; boundary=b", &form, Seen::Down, "uptime-kuma", host);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("msg", "Down")
            .append_pair("heartbeat", r#"{"status":0,"msg":"timeout"}"#)
            .append_pair("monitor", r#"{"url":"https://www.example.com/"}"#)
            .finish();
        hears(&query, "", "", Seen::Down, "uptime-kuma", host);
        let test = r#"{"heartbeat":null,"monitor":null,"msg":"My notification Testing"}"#;
        hears("", JSON, test, Seen::Nothing, "uptime-kuma", None);
    }

    #[test]
    fn alertmanager_and_grafana_are_understood() {
        let body = |status: &str| {
            format!(
                r#"{{"receiver":"failover","status":"{status}","alerts":[{{"status":"{status}","labels":{{"alertname":"ProbeFailed","instance":"https://www.example.com/"}},"annotations":{{"summary":"probe failed"}},"startsAt":"2026-11-20T03:14:00Z","endsAt":"0001-01-01T00:00:00Z"}}],"groupLabels":{{}},"commonLabels":{{"alertname":"ProbeFailed","instance":"https://www.example.com/"}},"commonAnnotations":{{"summary":"probe failed"}},"externalURL":"http://alertmanager:9093","version":"4","groupKey":"{{}}:{{}}","truncatedAlerts":0}}"#
            )
        };
        hears("", JSON, &body("firing"), Seen::Down, "alertmanager", Some("www.example.com"));
        hears("", JSON, &body("resolved"), Seen::Up, "alertmanager", Some("www.example.com"));
        assert_eq!(heard("", JSON, &body("firing")).summary, "probe failed");
    }

    #[test]
    fn uptime_robot_is_understood_by_its_parameters() {
        let query = |kind: u8| {
            format!(
                "key=k&monitorID=1&monitorURL=https://www.example.com&monitorFriendlyName=Mine&alertType={kind}&alertTypeFriendlyName=x&alertDetails=Connection+Timeout&"
            )
        };
        for (kind, seen) in [(1, Seen::Down), (2, Seen::Up), (3, Seen::Nothing)] {
            hears(&query(kind), "", "", seen, "uptimerobot", Some("www.example.com"));
        }
    }

    #[test]
    fn what_one_tells_a_monitor_to_post_is_understood() {
        // gatus: alerting.custom with [ALERT_TRIGGERED_OR_RESOLVED].
        let gatus = r#"{"state":"TRIGGERED","site":"resume","summary":"healthcheck failed","name":"gatus"}"#;
        hears("", JSON, gatus, Seen::Down, "gatus", None);
        assert_eq!(heard("", JSON, gatus).site.as_deref(), Some("resume"));
        // healthchecks.io: ?state=$STATUS&name=healthchecks, with whatever body.
        hears(
            "state=down&name=healthchecks",
            "text/plain",
            "My check is down",
            Seen::Down,
            "healthchecks",
            None,
        );
        hears("state=up&name=healthchecks", "", "", Seen::Up, "healthchecks", None);
        let hetrix =
            r#"{"monitor_id":"x","monitor_target":"http:\/\/www.example.com\/","monitor_status":"offline"}"#;
        hears("", JSON, hetrix, Seen::Down, "hetrixtools", Some("www.example.com"));
        hears(
            "",
            JSON,
            r#"{"event":"uptime.down","url":"https://a.example"}"#,
            Seen::Down,
            "monitor",
            Some("a.example"),
        );
        hears("", "application/x-www-form-urlencoded", "status=ok&name=a+b/c", Seen::Up, "a-b-c", None);
    }

    #[test]
    fn what_says_nothing_is_told_so() {
        for (query, kind, body) in [
            ("", JSON, "{}"),
            ("", JSON, "[1]"),
            ("", JSON, "{"),
            ("", "", ""),
            ("", JSON, r#"{"status":"purple"}"#),
            ("", JSON, r#"{"status":{"a":1}}"#),
            ("", JSON, r#"{"command":"failover","site":"resume"}"#),
        ] {
            let why = read(&Request { query, kind, body: body.as_bytes() }).expect_err(body);
            assert!(!why.is_empty(), "{body}");
        }
    }
}
