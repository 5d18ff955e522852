//! The site as our own probes see it: judged at all, and reachable past the redirect.

use failover_core::{Position, Served};

use crate::clouds::{Checked, Problem, Situation};

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
            checked.blind(format!("whether visitors of {url} are served was not seen: {why}"));
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

/// What was met at a standby that is to let in a Worker and the function, and nobody else.
pub(super) fn of_closed_standby(invited: &Served, stranger: &Served, situation: &Situation) -> Checked {
    let mut checked = Checked::default();
    let service =
        situation.standby_url.as_ref().map_or_else(String::new, |url| format!("   # the service at {url}"));
    match invited {
        // Whoever looks asks for itself, which need not be the function: that one's proof is a rehearsal.
        Served::Silent(why) => checked.note(format!(
            "the closed standby doesn't answer whoever looks ({why}); {} needs roles/run.invoker on it, and a rehearsal \
             proves that",
            situation.member
        )),
        Served::Unknown(why) => checked.note(why.clone()),
        Served::By(_) => {}
    }
    if stranger.is_by(Position::Standby) {
        let sentence = "the standby answers everybody, and where a Worker leads to it nothing closes it";
        let mend = format!(
            "gcloud run services remove-iam-policy-binding SERVICE --role roles/run.invoker --member allUsers{service}"
        );
        checked.problem(Problem::critical(sentence, mend));
    }
    checked
}
