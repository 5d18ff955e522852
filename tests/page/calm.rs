//! What the page claims on a calm day, and that each claim changes when it isn't so.

use cloud_failover::page::{Outage, Overview, Tone};
use failover_core::{Asker, Direction, End, Event, Extent, Heard, Position, Step};
use jiff::SignedDuration;

use crate::{
    server::{Server, Told},
    story::{Story, after, before, calm, during, incident, order, time},
};

/// The page's list of what shows readiness, a line each.
async fn signs(story: &Story) -> Vec<String> {
    let server = Server::start(Told(vec![story.overview()]), None, story.now).await;
    let page = reqwest::get(server.url("/")).await.unwrap().text().await.unwrap();
    let list = page.split(r#"<ul class="signs">"#).nth(1).unwrap().split("</ul>").next().unwrap();
    let plain = regex_lite::Regex::new("<[^>]*>").unwrap();
    let line = |item: &str| {
        let tone = item.split('"').nth(1).unwrap_or_default().trim_start_matches("tone-").to_owned();
        let text = plain
            .replace_all(item.split_once('>').unwrap().1, "")
            .replace(['✓', '·', '!'], "")
            .replace("&#39;", "'");
        format!("{tone}: {}", text.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    list.split("<li").skip(1).map(line).collect()
}

#[track_caller]
fn says(signs: &[String], expected: &str) {
    assert!(signs.iter().any(|sign| sign.starts_with(expected)), "{expected} in {signs:#?}");
}

#[tokio::test]
async fn a_calm_day_shows_what_was_looked_at_and_tried() {
    let signs = signs(&calm()).await;
    assert_eq!(
        signs,
        [
            "calm: Check Nothing was found that would break. 06:17:04 UTC",
            "calm: Rehearsal The standby was open and answered after 1 min 34 s. 16 Nov 04:01:34 UTC",
            "calm: Certificate It is good for 60 days. 20 Jan 2027 00:00:00 UTC",
            "calm: Reconcile Seen at work by the last check. 06:16:24 UTC",
            "calm: Watcher pi Seen at work by the last check. 06:16:24 UTC",
        ]
    );
}

#[tokio::test]
async fn a_site_that_was_never_tried_says_so() {
    let signs = signs(&Story::new("resume")).await;
    says(&signs, "notice: Check None is in the journal yet.");
    says(&signs, "notice: Rehearsal The standby was not tried yet");
    assert_eq!(signs.len(), 2, "nothing is claimed of what nobody saw: {signs:#?}");
}

#[tokio::test]
async fn a_check_that_is_old_or_saw_only_a_part_proves_nothing() {
    let story = calm();
    let old = story.clone().at("2026-11-23T09:00:00Z");
    says(&signs(&old).await, "warning: Check The last one the journal tells of is 3 d 2 h old");
    let part = story.checks_as(Extent { looked_at: 13, things: 14 }, Vec::new());
    says(&signs(&part).await, "warning: Check It could look at 13 of 14 things");
    assert_eq!(part.overview().decisions[0].what, "checked in part");
}

#[tokio::test]
async fn what_a_check_found_is_counted() {
    let finding = cloud_failover::page::Finding {
        severity: cloud_failover::clouds::Severity::Warning,
        sentence: "the subscription expires".to_owned(),
        mend: None,
    };
    let mut story = calm();
    story.facts.findings.push(finding.clone());
    says(&signs(&story).await, "warning: Check One thing was found, see below.");
    story.facts.findings.push(finding);
    says(&signs(&story).await, "warning: Check 2 things were found, see below.");
}

#[tokio::test]
async fn who_was_silent_when_the_check_looked_is_not_seen_at_work() {
    let story = calm();
    let heard = |who: &str, minutes: i64| Heard {
        who: who.to_owned(),
        at: story.now - SignedDuration::from_mins(minutes),
    };
    let whole = Extent { looked_at: 14, things: 14 };
    let silent = story.clone().checks_as(whole, vec![heard("reconcile", 1), heard("pi", 130)]);
    let signs = signs(&silent).await;
    says(&signs, "calm: Reconcile Seen at work");
    says(&signs, "warning: Watcher pi Silent for 2 h 10 min when the last check looked.");
}

#[tokio::test]
async fn a_rehearsal_that_failed_or_is_long_ago_is_no_good_sign() {
    let asked = order(Asker::Operator(None), time("2026-11-20T09:41:00Z"));
    let failed =
        calm().begins(Direction::Rehearsal, asked, "asked for").step(Step::Open, 400).step(Step::Close, 200);
    let failed = failed.ends(End::Unwound, Position::Primary, "the standby didn't answer within 10m");
    says(&signs(&failed).await, "warning: Rehearsal The standby didn't answer within 10m.");
    let old = calm().at("2026-12-24T09:00:00Z");
    says(&signs(&old).await, "notice: Rehearsal The standby answered, but that is 38 d 4 h ago.");
}

#[tokio::test]
async fn a_certificate_near_its_end_is_no_calm_sign() {
    for (now, sign) in [
        ("2027-01-10T00:00:01Z", "notice: Certificate It is good for 9 days."),
        ("2027-01-18T12:00:00Z", "warning: Certificate It is good for 1 day."),
        ("2027-01-21T00:00:00Z", "warning: Certificate It has ended: browsers refuse it."),
    ] {
        says(&signs(&calm().at(now)).await, sign);
    }
}

#[tokio::test]
async fn an_answer_that_is_older_than_a_minute_proves_no_more() {
    let story = before().answered(Position::Primary);
    for (later, lead) in [(0, "Visitors are served by the"), (60, "Visitors are led to the")] {
        let now = story.now + SignedDuration::from_secs(later);
        let server = Server::start(Told(vec![story.overview()]), None, now).await;
        let page = reqwest::get(server.url("/")).await.unwrap().text().await.unwrap();
        assert!(page.contains(&format!(r#"<span class="lead">{lead}</span>"#)), "{lead}: {page}");
    }
}

/// When visitors were without an answer, as the overview has it.
fn outages(overview: &Overview) -> Vec<Outage> {
    overview.evidence.uptime.clone().unwrap().outages
}

#[test]
fn an_outage_lasts_from_the_first_silence_until_visitors_are_served() {
    let overview = after().overview();
    let served = time("2026-11-20T03:12:40.430Z");
    let [outage] = &outages(&overview)[..] else { panic!("{:?}", outages(&overview)) };
    assert_eq!((outage.from, outage.until), (time("2026-11-20T03:10:00Z"), Some(served)));
    let uptime = overview.evidence.uptime.unwrap();
    assert_eq!(uptime.down_s, 161, "a begun second counts");
    let day = uptime.days.iter().find(|day| day.down_s > 0).unwrap();
    assert_eq!((day.date.to_string().as_str(), uptime.days.len()), ("2026-11-20", 90));
}

#[test]
fn an_outage_that_lasts_has_no_end_and_grows() {
    let story = during();
    assert_eq!(outages(&story.overview())[0].until, None);
    let down = |story: &Story| story.overview().evidence.uptime.unwrap().down_s;
    assert_eq!(down(&story.clone().later(60_000)), down(&story) + 60);
}

#[test]
fn a_false_alarm_and_a_rehearsal_are_no_outages() {
    assert!(outages(&before().overview()).is_empty(), "a rehearsal");
    let reason = failover_core::Reason::StillAnswers.to_string();
    let pending = Event::Pending { incident: incident(), reason };
    assert!(outages(&before().with(pending).later(60_000).overview()).is_empty());
    let held = Event::Pending { incident: incident(), reason: "the cooldown lasts".to_owned() };
    let held = before().at("2026-11-20T03:12:37Z").with(held);
    assert_eq!(outages(&held.overview()).len(), 1);
    let dropped = Event::Dropped { incident: incident().id, reason: "it is closed".to_owned() };
    let over = held.later(60_000).with(dropped).overview();
    assert_eq!(outages(&over)[0].until, Some(time("2026-11-20T03:13:37Z")));
}

#[test]
fn what_the_journal_does_not_tell_is_no_good_day() {
    assert_eq!(Story::new("resume").overview().evidence.uptime, None);
    let uptime = before().overview().evidence.uptime.unwrap();
    assert_eq!(uptime.since, time("2026-11-15T04:00:00.2Z"));
    assert!(uptime.days[..84].iter().all(|day| day.told_s == 0), "{:?}", uptime.days);
    assert_eq!(uptime.percent(), "100 %");
    assert_eq!(calm().overview().evidence.uptime.unwrap().days[0].told_s, 86_400);
}

#[test]
fn nothing_that_only_could_be_done_is_asked_for_on_a_calm_day() {
    let commands = calm().overview().next.commands;
    assert!(commands.iter().all(|advice| advice.aside) && commands.len() == 3);
    assert!(after().overview().next.commands.iter().all(|advice| !advice.aside));
    assert_eq!(calm().overview().tone, Tone::Calm);
}

#[test]
fn what_was_decided_again_and_again_is_told_once() {
    let story = (0..30).fold(during(), |story, _| story.later(60_000).tries_in_vain("no token"));
    let overview = story.overview();
    let first = &overview.decisions[0];
    assert_eq!((first.times, first.since), (30, story.now - SignedDuration::from_mins(29)));
    assert_eq!(overview.decisions[1].what, "failover begun");
}

#[test]
fn an_alert_that_joins_a_failover_is_not_held_back() {
    let plan = during().state().newest().unwrap().id;
    let reason = failover_core::Reason::CarriedOn(Direction::Failover, plan).to_string();
    let mut second = incident();
    second.id = "0.second".to_owned();
    let told = during().with(Event::Pending { incident: second, reason }).overview().decisions[0].clone();
    assert_eq!((told.what.as_str(), told.tone), ("another alert joined", Tone::Calm));
    assert!(told.words.unwrap().starts_with("Check resume failed"));
}
