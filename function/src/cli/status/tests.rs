use failover_core::{Event, Hold, Observed, Served};

use super::super::told_tests::{
    keep,
    nights::{blind, crowded, dark, halted, pending, retried, stuck, unclosed, unwatched},
    story::{Story, after, before, calm, during, returned, time},
};
use super::*;

fn told(story: &Story, width: usize) -> String {
    StatusPage { site: &story.overview(), now: story.now, width }.told()
}

/// Power is back, the primary answers, and nobody has led visitors back.
fn back() -> Story {
    after().asks(Served::By(failover_core::Position::Standby), true)
}

/// Visitors were led back, and cached redirects still lead to the standby.
fn draining() -> Story {
    let mut story = returned();
    let mut state = story.state();
    state.draining = Some(time("2026-11-20T06:30:00Z"));
    story.facts.state = Some(state);
    story
}

fn held() -> Story {
    let hold = Hold {
        by: Some("alice".to_owned()),
        reason: Some("moving house".to_owned()),
        since: time("2026-11-20T03:00:00Z"),
        until: time("2026-11-21T18:00:00Z"),
    };
    before().with(Event::Held { hold, message: "77".to_owned() })
}

fn powered() -> Story {
    let mut story = before();
    story.facts.policy.roles.power = true;
    story = story.sees(2, Observed::At(failover_core::Position::Primary));
    story.facts.switches[2].sighting.role = failover_core::Role::Power;
    story
}

fn stories() -> Vec<(&'static str, Story)> {
    use failover_core::Position;
    vec![
        ("calm", calm()),
        ("before", before().answered(Position::Primary)),
        ("unreported", before().silent()),
        ("during", during().silent()),
        ("halted", halted().silent()),
        ("after", after().answered(Position::Standby)),
        ("back", back()),
        ("returned", returned().answered(Position::Primary)),
        ("draining", draining()),
        ("stuck", stuck()),
        ("retried", retried().silent()),
        ("unwatched", unwatched().answered(Position::Primary)),
        ("unclosed", unclosed().answered(Position::Primary)),
        ("unjudged", calm().asks(Served::Unknown("it was challenged".to_owned()), false)),
        ("pending", pending().silent()),
        ("held", held()),
        ("dark", dark().silent()),
        ("crowded", crowded().answered(Position::Standby)),
        ("blind", blind()),
        ("powered", powered()),
    ]
}

#[test]
fn golden_files_show_status_in_every_state() {
    let stories = stories();
    let prints: Vec<_> =
        stories.iter().map(|(name, story)| (*name, move |width| told(story, width))).collect();
    let prints: Vec<(&str, super::super::told_tests::Print<'_>)> =
        prints.iter().map(|(name, print)| (*name, print as &dyn Fn(usize) -> String)).collect();
    keep("status", &prints);
}

/// What is claimed, by its label where it has one; a story in which it is so; and one that differs in that alone.
fn claims() -> Vec<(&'static str, &'static str, Story, Story)> {
    use failover_core::Position;
    let public = |served| before().asks(served, true);
    let unknown = || Served::Unknown("a challenge".to_owned());
    let strayed = || after().sees(1, Observed::At(Position::Primary));
    let mut unread = before();
    unread.facts.troubles = vec!["the uptime check gave no answer".to_owned()];
    let mut unguarded = before().silent();
    unguarded.facts.policy.approve = failover_core::Approval::Operator;
    vec![
        ("", "is on its PRIMARY", before(), after()),
        ("", "is on its STANDBY, since 2026-11-20 03:12:40 UTC", after(), before()),
        ("", "is MOVING to its standby", during(), after()),
        ("", "who serves visitors is UNKNOWN", blind(), before()),
        ("", "is UNKNOWN, and they get NO ANSWER", blind().silent(), blind()),
        ("", "no move is on record", before(), after()),
        ("", "gives visitors NO ANSWER", before().silent(), before().answered(Position::Primary)),
        ("", "NO ANSWER, since 2026-11-20 03:10:00 UTC", pending().silent(), before().silent()),
        ("why", "an incident is open and the public URL doesn't answer", after(), returned()),
        ("visitors", "is answered by the primary", public(Served::By(Position::Primary)), public(unknown())),
        ("visitors", "is answered by the standby", back(), before().answered(Position::Primary)),
        ("visitors", "could not be judged", public(unknown()), before().answered(Position::Primary)),
        ("visitors", "silent: https://will.gleich.tech/ answered 522", before().silent(), before()),
        ("primary", "is answered by the primary", back(), after().answered(Position::Standby)),
        (
            "primary",
            "silent: https://origin.gleich.tech/ connection refused",
            after().answered(Position::Standby),
            back(),
        ),
        ("gate", "closed", before(), after()),
        ("gate", "open", after(), returned()),
        ("route", "to the standby", after(), before()),
        ("route", "it belongs to the standby", strayed(), after()),
        ("monitoring", "paused", after(), before()),
        ("power", "on, the uptime check", powered(), powered().sees(2, Observed::At(Position::Standby))),
        ("unread", "the uptime check gave no answer", unread, before()),
        ("stuck", "Cloudflare refuses the token", stuck(), during()),
        ("outage", "Visitors have had no answer since", dark(), after()),
        ("pending", "Incident 0.nq3x4xuxwbmq of 2026-11-20 03:10:00 UTC", pending(), held()),
        ("moving", "failover since 2026-11-20 03:12:37 UTC", during(), after()),
        (
            "moving",
            "done: open, answer; to do: route, verify, pause",
            during(),
            during().step(failover_core::Step::Route, 250),
        ),
        ("trouble", "answered 400", halted(), during()),
        ("upkeep", "could not resume the uptime check of will.gleich.tech", unwatched(), returned()),
        ("upkeep", "since 2026-11-20 06:34:00 UTC", unwatched(), returned()),
        ("draining", "is to be closed since 2026-11-20 05:50:00 UTC", unclosed(), draining()),
        ("draining", "stays open", draining(), unclosed()),
        ("draining", "for cached redirects until 2026-11-20 06:30:00 UTC", draining(), returned()),
        ("hold", "No automatic moves until 2026-11-21 18:00:00 UTC", held(), before()),
        ("hold", "says alice: moving house", held(), before()),
        ("by itself", "the cooldown after the last move", returned(), returned().later(3_600_000)),
        ("check", "the Cloudflare token expires in 3 days", crowded(), after()),
        ("last move", "failover Done in", after(), before()),
        ("last move", "failback Done in", returned(), after()),
        ("next", "Nothing is to be done.", before().answered(Position::Primary), before().silent()),
        ("next", "An alert moves it by itself within minutes", before().silent(), unguarded),
        ("next", "Mend this: Grant roles/monitoring.editor", unwatched(), returned()),
        ("next", "It is tried again every five minutes", retried(), stuck()),
        ("next", "could not be judged", public(unknown()), before().answered(Position::Primary)),
        ("next", "Start the primary.", after().answered(Position::Standby), back()),
        ("next", "The primary answers again", back(), after().answered(Position::Standby)),
        ("next", "failover send release", held(), before()),
        ("next", "failover send acknowledge", stuck(), during()),
    ]
}

/// Whoever asks by a script is told by the exit status that somebody is needed.
#[test]
fn what_needs_a_person_ends_with_3() {
    use failover_core::Position;
    for (story, ends) in [
        (calm(), Exit::Done),
        (unwatched(), Exit::NotAsAsked),
        (unclosed().answered(Position::Primary), Exit::NotAsAsked),
        (calm().asks(Served::Unknown("a challenge".to_owned()), false), Exit::NotAsAsked),
        (calm().asks(Served::Unknown("a challenge".to_owned()), true), Exit::Done),
    ] {
        assert_eq!(exit(&story.overview()), ends, "{}", told(&story, 80));
    }
}

/// The lines by their labels, each with what goes on below it; the headline's label is none.
fn labelled(told: &str) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for line in told.lines() {
        let (label, text) =
            if line.starts_with(' ') { line.split_at(COLUMN.min(line.len())) } else { ("", line) };
        match (label.trim(), lines.last_mut()) {
            ("", Some((_, before))) if line.starts_with(' ') => {
                before.push(' ');
                before.push_str(text.trim());
            }
            (label, _) => lines.push((label.to_owned(), text.trim().to_owned())),
        }
    }
    lines
}

fn lines(story: &Story) -> Vec<(String, String)> {
    labelled(&anstream::adapter::strip_str(&told(story, 400)).to_string())
}

#[test]
fn every_claim_is_gone_where_it_is_not_so() {
    for (label, claim, so, not_so) in claims() {
        let claims = |story: &Story| {
            let lower = claim.to_lowercase();
            lines(story).iter().any(|(named, text)| named == label && text.to_lowercase().contains(&lower))
        };
        assert!(claims(&so), "{label}: {claim:?} isn't claimed:\n{}", told(&so, 100));
        assert!(!claims(&not_so), "{label}: {claim:?} is claimed still:\n{}", told(&not_so, 100));
    }
}

#[test]
fn every_line_that_status_can_print_is_among_the_claims() {
    let known: Vec<&str> = claims().iter().map(|(label, ..)| *label).collect();
    for (name, story) in stories() {
        for (label, text) in lines(&story) {
            assert!(known.contains(&label.as_str()), "{name}: {label}: {text}");
        }
    }
}
