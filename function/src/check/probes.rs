//! The site as our own probes see it: judged at all, and reachable past the redirect.

use failover_core::{Position, Served};

use super::{Problem, Situation};

/// What a visitor of the public URL met.
pub(super) fn of_public(situation: &Situation) -> Option<Problem> {
    let url = situation.public_url.as_ref()?;
    match &situation.public {
        Served::Unknown(why) if why.contains("challenge") => {
            let sentence = format!(
                "bot protection challenges our probes of {url}: they prove nothing, so false alarms aren't recognised and \
                 a failover is never seen to have worked"
            );
            let mend = "https://dash.cloudflare.com   # Security, WAF: skip bot protection for the user agent \"cloud-failover-probe\"";
            Some(Problem::critical(sentence, mend))
        }
        Served::Silent(why) if situation.is_at_home() => {
            let sentence = format!("visitors get no answer right now: {why}");
            Some(Problem::critical(sentence, format!("failover status --site {}", situation.site)))
        }
        _ => None,
    }
}

/// What was met at the primary's own URL, which a failback asks.
pub(super) fn of_primary(primary: &Served, situation: &Situation) -> Option<Problem> {
    let at_home = situation.is_at_home() && situation.public.is_by(Position::Primary);
    match primary {
        Served::Silent(why) if at_home => {
            let sentence = format!(
                "the primary serves visitors but doesn't answer at primary_url ({why}), so every failback would be refused"
            );
            Some(Problem::critical(
                sentence,
                "primary_url = \"…\"   # in the configuration: a host name that reaches the primary past Cloudflare",
            ))
        }
        _ => None,
    }
}
