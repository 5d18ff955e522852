//! Letters: an announcement in the form that each chat or program wants it.

use failover_core::SiteName;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use reqwest::Url;
use serde_json::{Value, json};

use super::{
    Announcement, Kind,
    notice::{Next, Notice},
};
use crate::clouds::Severity;

/// Characters that fit into Discord's content and Slack's sections: 2,000 and 3,000 ("Message object: content", "Section
/// block: text"; read 2026-11-30).
const LONGEST: usize = 1_800;

/// Bytes of a message that ntfy doesn't make an attachment of ("Limitations", read 2026-11-30).
const NTFY_MOST: usize = 4_096;

/// Bytes of a title that fit everywhere: 150 characters at Slack ("Header block"), 256 at Discord.
const TITLE_MOST: usize = 150;

/// What stands for the rest.
const REST: &str = "…";

/// What the link to the status page is called.
const PAGE: &str = "Status page";

/// What is sent: a body and its headers.
pub(super) struct Letter {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Letter {
    pub(super) fn json(body: &Value) -> Self {
        let mut letter = Self { headers: HeaderMap::new(), body: body.to_string().into_bytes() };
        letter.set(header::CONTENT_TYPE, "application/json");
        letter
    }

    pub(super) fn set(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }
}

/// The status page at the site's place on it.
pub(super) fn link(page: Option<&Url>, told: &Announcement) -> Option<String> {
    let mut page = page?.clone();
    page.set_fragment(told.site.as_ref().map(SiteName::as_str));
    Some(page.to_string())
}

/// Slack, "Sending messages using incoming webhooks": `text` is what a notification shows, and all that receivers of
/// Slack's form see that know no blocks. Links stand in the text, as a button would want an application that answers it.
pub(super) fn slack(told: &Announcement, link: Option<&str>) -> Letter {
    let Notice { title, lines, next, whole } = told.notice();
    let escaped = |text: &str| shortened(&slack_escaped(text), LONGEST, usize::MAX);
    let (symbol, lines) = (told.symbol(), escaped(&lines.join("\n")));
    let head = shortened(&format!("{symbol} {title}"), TITLE_MOST, usize::MAX);
    let next = next.map(|next| escaped(&format!("{}:\n`{}`", next.heading(), next.command)));
    let link = link.map(|link| format!("<{}|{PAGE}>", slack_escaped(link)));
    let section = |text: &String| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } });
    let small: Vec<Value> = link
        .iter()
        .chain(&whole.map(|whole| escaped(&whole)))
        .map(|text| json!({ "type": "mrkdwn", "text": text }))
        .collect();
    let head = json!({ "type": "header", "text": { "type": "plain_text", "text": head } });
    let sections = [Some(&lines).filter(|lines| !lines.is_empty()), next.as_ref()];
    let mut blocks = vec![head];
    blocks.extend(sections.into_iter().flatten().map(section));
    if !small.is_empty() {
        blocks.push(json!({ "type": "context", "elements": small }));
    }
    let text = [Some(format!("{symbol} *{}*", slack_escaped(&title))), Some(lines), next, link];
    let text: Vec<String> = text.into_iter().flatten().filter(|line| !line.is_empty()).collect();
    Letter::json(&json!({ "text": text.join("\n"), "blocks": blocks }))
}

/// Slack, "Formatting text for app surfaces": these three characters are control characters.
fn slack_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Discord, "Execute webhook": the content is what a notification shows; one embed has the rest, in a colour.
pub(super) fn discord(told: &Announcement, link: Option<&str>) -> Letter {
    let Notice { title, mut lines, next, whole } = told.notice();
    let first = if lines.is_empty() { String::new() } else { format!("\n{}", lines.remove(0)) };
    let text: Vec<String> = lines.into_iter().chain(whole).collect();
    let mut embed = json!({ "color": colour(told.severity), "timestamp": told.at });
    if !text.is_empty() {
        embed["description"] = json!(shortened(&text.join("\n"), LONGEST, usize::MAX));
    }
    if let Some(Next { command, .. }) = &next {
        let heading = next.as_ref().map(Next::heading);
        embed["fields"] = json!([{ "name": heading, "value": format!("`{command}`") }]);
    }
    if let Some(link) = link {
        embed["title"] = json!(PAGE);
        embed["url"] = json!(link);
    }
    let content = format!("{} **{title}**{first}", told.symbol());
    Letter::json(&json!({
        "content": shortened(&content, LONGEST, usize::MAX),
        "embeds": [embed],
        "allowed_mentions": { "parse": [] },
    }))
}

/// The bar beside an embed.
fn colour(severity: Severity) -> u32 {
    match severity {
        Severity::Info => 0x002e_7d32,
        Severity::Warning => 0x00f9_a825,
        Severity::Critical => 0x00c6_2828,
    }
}

/// ntfy, "Publishing": the body is the message, all else are headers. A tap opens the page, and so does its one action; a
/// server that knows an action not refuses the whole message, so there are none but `view`, which the oldest knows.
pub(super) fn ntfy(told: &Announcement, link: Option<&str>) -> Letter {
    let notice = told.notice();
    let priority = match told.severity {
        Severity::Info => "3",
        Severity::Warning => "4",
        Severity::Critical => "5",
    };
    let body = shortened(&notice.text(), LONGEST, NTFY_MOST).into_bytes();
    let mut letter = Letter { headers: HeaderMap::new(), body };
    let title = notice.title.replace(|letter: char| !letter.is_ascii(), "?");
    letter.set(HeaderName::from_static("title"), &title);
    letter.set(HeaderName::from_static("priority"), priority);
    letter.set(HeaderName::from_static("tags"), tag(told));
    if let Some(link) = link {
        let action = json!([{ "action": "view", "label": PAGE, "url": link }]);
        letter.set(HeaderName::from_static("click"), link);
        letter.set(HeaderName::from_static("actions"), &action.to_string());
    }
    letter
}

/// ntfy, "Emoji reference".
fn tag(told: &Announcement) -> &'static str {
    match told.symbol() {
        "🚨" => "rotating_light",
        "⚠️" => "warning",
        "✅" => "white_check_mark",
        _ => "information_source",
    }
}

/// Apprise API, "Notify" (`POST /notify/KEY`): its four types stand for colours and signs.
pub(super) fn apprise(told: &Announcement, link: Option<&str>) -> Letter {
    let notice = told.notice();
    let kind = match told.severity {
        Severity::Critical => "failure",
        Severity::Warning => "warning",
        Severity::Info if told.symbol() == "✅" => "success",
        Severity::Info => "info",
    };
    let link = link.map_or_else(String::new, |link| format!("\n{PAGE}: {link}"));
    let body = shortened(&notice.text(), LONGEST, usize::MAX) + &link;
    let body = if body.is_empty() { notice.title.clone() } else { body };
    Letter::json(&json!({ "title": notice.title, "body": body.trim_start(), "type": kind, "format": "text" }))
}

impl Announcement {
    /// One glance tells whether to get up.
    pub(super) fn symbol(&self) -> &'static str {
        let is_good = matches!(
            self.kind,
            Kind::Ended
                | Kind::Recovered
                | Kind::Repaired
                | Kind::Drained
                | Kind::Rehearsal
                | Kind::PrimaryAnswers
        );
        match self.severity {
            Severity::Critical => "🚨",
            Severity::Warning if self.kind != Kind::PrimaryAnswers => "⚠️",
            _ if is_good => "✅",
            _ => "ℹ️",
        }
    }
}

/// The text, cut between characters to so many characters and bytes.
fn shortened(text: &str, characters: usize, bytes: usize) -> String {
    if text.len() <= bytes && text.chars().count() <= characters {
        return text.to_owned();
    }
    let ends = text.char_indices().map(|(at, _)| at).take(characters + 1);
    let end = ends.take_while(|at| at + REST.len() <= bytes).last().unwrap_or_default();
    // Half of `&amp;` would be a control character.
    let kept = &text[..end];
    let whole = match kept.rfind('&') {
        Some(at) if end - at < "&amp;".len() && !kept[at..].contains(';') => &kept[..at],
        _ => kept,
    };
    format!("{whole}{REST}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: Kind, sentence: &str) -> Announcement {
        Announcement::new(kind, Some("resume".parse().unwrap()), sentence, jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_never_inside_an_entity() {
        assert_eq!(shortened(&"é".repeat(3_000), LONGEST, NTFY_MOST).chars().count(), LONGEST + 1);
        assert_eq!(shortened("brief", LONGEST, NTFY_MOST), "brief");
        for long in ["€".repeat(3_000), "電".repeat(1_500)] {
            let short = shortened(&long, LONGEST, NTFY_MOST);
            assert!(short.len() <= NTFY_MOST && short.len() > NTFY_MOST - 3, "{}", short.len());
        }
        for length in 0..12 {
            let cut = shortened("ab&amp;&lt;c", length, usize::MAX);
            assert!(["…", "a…", "ab…", "ab&amp;…", "ab&amp;&lt;…", "ab&amp;&lt;c"].contains(&&*cut), "{cut}");
        }
    }

    #[test]
    fn the_longest_sentence_fits_everywhere() {
        let long = told(Kind::Trouble, &"<&電> ".repeat(2_000));
        let count = |text: &Value| text.as_str().unwrap_or_default().chars().count();
        let read = |letter: Letter| serde_json::from_slice::<Value>(&letter.body).unwrap();
        let sent = read(slack(&long, Some("https://page.example.com/")));
        for block in sent["blocks"].as_array().unwrap() {
            let texts = block["elements"].as_array().cloned().unwrap_or_else(|| vec![block["text"].clone()]);
            assert!(texts.iter().all(|text| count(&text["text"]) <= 3_000), "{block}");
        }
        let sent = read(discord(&long, None));
        assert!(count(&sent["content"]) <= 2_000 && count(&sent["embeds"][0]["description"]) <= 4_096);
        assert!(ntfy(&long, None).body.len() <= NTFY_MOST);
    }

    #[test]
    fn an_end_that_is_stuck_looks_unlike_one_that_is_done() {
        let done = told(Kind::Ended, "");
        assert_eq!(done.symbol(), "✅");
        assert_eq!(done.with_severity(Severity::Critical).symbol(), "🚨");
    }
}
