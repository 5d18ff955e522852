//! Nights in which something is the matter.

use cloud_failover::{clouds::Severity, page::Finding};
use failover_core::{End, Event, Observed, Position, SwitchId, UpkeepTask};

use super::story::{Story, after, before, during, incident, returned, time};

/// A failover that no one can go on with.
pub(crate) fn stuck() -> Story {
    let trouble = "Cloudflare refuses the token (403, code 10000); make one with Zone, Page Rules, Edit and put it \
                   into the secret CLOUDFLARE_API_TOKEN";
    during().ends(End::Stuck, Position::Primary, trouble).later(1_260_000)
}

/// An outage that a hold keeps from being acted on.
pub(crate) fn pending() -> Story {
    let held = failover_core::Hold {
        by: Some("alice".to_owned()),
        reason: Some("moving house until Saturday".to_owned()),
        since: time("2026-11-19T18:00:00Z"),
        until: time("2026-11-21T18:00:00Z"),
    };
    let reason =
        "automatic moves are off until 2026-11-21 18:00:00 UTC, says alice: moving house until Saturday";
    before()
        .at("2026-11-19T18:00:00Z")
        .with(Event::Held { hold: held, message: "77".to_owned() })
        .at("2026-11-20T03:12:37.3Z")
        .with(Event::Pending { incident: incident(), reason: reason.to_owned() })
        .later(640_000)
}

/// Power failed on the standby's side too.
pub(crate) fn dark() -> Story {
    let sentence =
        "three reconciles in a row found the public URL silent (503 Service Unavailable)".to_owned();
    after()
        .with(Event::Outage { sentence, nonce: "n".to_owned() })
        .with(Event::Kept { nonce: "n".to_owned() })
        .sees(2, Observed::At(Position::Primary))
        .later(400_000)
}

/// Everything at once that may stand on the page of a site on its standby.
pub(crate) fn crowded() -> Story {
    let hold = failover_core::Hold {
        by: Some("alice".to_owned()),
        reason: None,
        since: time("2026-11-20T05:00:00Z"),
        until: time("2026-11-22T05:00:00Z"),
    };
    let finding = |severity, sentence: &str, mend: Option<&str>| Finding {
        severity,
        sentence: sentence.to_owned(),
        mend: mend.map(str::to_owned),
    };
    let mut story = after()
        .with(Event::Held { hold, message: "78".to_owned() })
        .sees(0, Observed::Mixed("allUsers holds the role, but under a condition".to_owned()))
        .sees(2, Observed::At(Position::Primary))
        .finds(finding(Severity::Critical, "the Cloudflare token expires in 3 days", None))
        .finds(finding(
            Severity::Warning,
            "the subscription failover-alerts expires after 31 days without activity",
            Some("gcloud pubsub subscriptions update failover-alerts --expiration-period=never --project=gleich-tech"),
        ))
        .finds(finding(Severity::Info, "page rules are deprecated; move to a redirect rule", None));
    story.facts.troubles = vec![
        "failed to observe uptime_check projects/gleich-tech/uptimeCheckConfigs/resume-abc123: no \
                                 answer within 2.5s"
            .to_owned(),
    ];
    story
}

/// Neither the journal nor a switch can be read.
pub(crate) fn blind() -> Story {
    let mut story = before();
    story.facts.state = None;
    story.facts.entries.clear();
    story.facts.troubles = vec!["the journal of resume could not be reached: connection refused".to_owned()];
    story.blind()
}

/// A failover that a token which isn't one keeps from going on.
pub(crate) fn halted() -> Story {
    let rule = "zones/023e105f4ecef8ad9ca31a8372d0c353/pagerules/9a7806061c88ada191ed06f989cc3dac";
    let trouble = format!(
        "observe cloudflare_page_rule {rule}: could not read {rule}: Cloudflare answered 400: Invalid request headers: \
         Invalid format for Authorization header (6111) (6003); that is not a Cloudflare token: it is cut short or has \
         something around it; make one at https://dash.cloudflare.com/profile/api-tokens and set CLOUDFLARE_API_TOKEN"
    );
    (1..12).fold(during(), |story, _| story.later(60_000).tries_in_vain(&trouble))
}

/// A failover that is stuck with visitors in the dark, and is tried again by itself.
pub(crate) fn retried() -> Story {
    let plan = during().state().newest().unwrap().id;
    let sentence = "the standby can't be opened: Google answered 503 for half an hour".to_owned();
    let (end, active, nonce) = (End::Stuck, Position::Primary, "n".to_owned());
    let ended = Event::Ended { plan, nonce, end, active, sentence, drain_until: None, retry: true };
    during().later(1_800_000).with(ended).later(120_000)
}

/// The uptime check of the site that every story is about.
pub(crate) fn monitor() -> SwitchId {
    SwitchId::new("uptime_check", "projects/gleich-tech/uptimeCheckConfigs/resume-abc123")
}

/// Visitors are back at the primary, monitoring is paused, and nobody may resume it.
pub(crate) fn unwatched() -> Story {
    let trouble = "could not resume the uptime check of will.gleich.tech: Google answered 403: Permission denied; \
                   grant roles/monitoring.editor to failover@gleich-tech.iam.gserviceaccount.com";
    let task = UpkeepTask::Repair(monitor(), Position::Primary);
    let story = returned().later(3_600_000).refuses(task, trouble);
    story.later(10_800_000).sees(2, Observed::At(Position::Standby))
}

/// No cached redirect leads to the standby any more, and nobody may close it.
pub(crate) fn unclosed() -> Story {
    let mut story = returned();
    let mut state = story.state();
    state.draining = Some(time("2026-11-20T05:50:00Z"));
    story.facts.state = Some(state);
    let trouble = "could not close the service resume: Google answered 403: Permission denied; grant roles/run.admin \
                   to failover@gleich-tech.iam.gserviceaccount.com";
    let story = story.at("2026-11-20T05:50:30Z").refuses(UpkeepTask::CloseStandby, trouble);
    story.at("2026-11-20T08:50:00Z").sees(0, Observed::At(Position::Standby))
}
