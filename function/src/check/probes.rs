//! The site as our own probes see it: judged at all, and reachable past the redirect.

use failover_core::{Position, Served};

use super::{Checked, Problem, Situation};

/// What a visitor of the public URL met.
pub(super) fn of_public(situation: &Situation, checked: &mut Checked) {
    let Some(url) = &situation.public_url else { return };
    match &situation.public {
        Served::Unknown(why) if why.contains("challenge") => {
            let sentence = format!(
                "bot protection challenges our probes of {url}: they prove nothing, so false alarms aren't recognised and \
                 a failover is never seen to have worked"
            );
            let mend = "https://dash.cloudflare.com   # Security, WAF: skip bot protection for the user agent \"cloud-failover-probe\"";
            checked.seen += 1;
            checked.problem(Problem::critical(sentence, mend));
        }
        Served::Unknown(why) => {
            checked.blind(format!("whether visitors of {url} are served was not seen: {why}"))
        }
        Served::Silent(why) => {
            checked.seen += 1;
            if situation.is_at_home() {
                let sentence = format!("visitors get no answer right now: {why}");
                let mend = format!("failover status --site {}", situation.site);
                checked.problem(Problem::critical(sentence, mend));
            }
        }
        Served::By(_) => checked.seen += 1,
    }
}

/// What was met at the primary's own URL, which a failback asks.
pub(super) fn of_primary(primary: &Served, situation: &Situation, checked: &mut Checked) {
    let at_home = situation.is_at_home() && situation.public.is_by(Position::Primary);
    match primary {
        Served::Silent(why) if at_home => {
            let sentence = format!(
                "the primary serves visitors but doesn't answer at primary_url ({why}), so every failback would be refused"
            );
            let mend = "primary_url = \"…\"   # in the configuration: a host name that reaches the primary past Cloudflare";
            checked.seen += 1;
            checked.problem(Problem::critical(sentence, mend));
        }
        Served::Unknown(why) if at_home => {
            let sentence = format!(
                "whether the primary answers at primary_url can't be told ({why}), so every failback would be refused"
            );
            let mend = "primary_url = \"…\"   # in the configuration: a host name that reaches the primary past \
                        Cloudflare, without a login or a cache before it";
            checked.seen += 1;
            checked.problem(Problem::critical(sentence, mend));
        }
        Served::Unknown(why) => checked.blind(format!("whether the primary answers was not seen: {why}")),
        Served::Silent(_) | Served::By(_) => checked.seen += 1,
    }
}
