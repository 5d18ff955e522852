//! Names: what people call the things that providers number.

use failover_core::{Observed, SwitchId};

use super::{Decided, Move, Overview, facts::SiteFacts, words::host};

/// What stands in sentences, and what people call it.
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    /// The names of a site's switches.
    pub(super) fn of(facts: &SiteFacts) -> Self {
        let site = place(facts);
        let switches = facts.switches.iter().map(|glimpse| &glimpse.sighting.switch);
        let named = switches.flat_map(|switch| {
            let name = called(switch, &site);
            // The longer first: the one has the other in it.
            [(switch.to_string(), name.clone()), (switch.resource.clone(), name)]
        });
        Self(named.filter(|(written, _)| written.contains('/')).collect())
    }

    /// The sentence with names for ids, and what is said twice said once.
    pub(super) fn say(&self, sentence: &str) -> String {
        let named =
            self.0.iter().fold(sentence.to_owned(), |told, (written, name)| told.replace(written, name));
        self.once(&named)
    }

    /// "observe the page rule: could not read the page rule" is one thing.
    fn once(&self, sentence: &str) -> String {
        let twice = sentence.split_once(": could not ").filter(|(task, rest)| {
            let both = |name: &String| task.ends_with(name.as_str()) && rest.contains(name.as_str());
            !task.contains(": ") && self.0.iter().any(|(_, called)| both(called))
        });
        twice.map_or_else(|| sentence.to_owned(), |(_, rest)| format!("could not {rest}"))
    }

    /// The same for everything that an overview says.
    pub(super) fn apply(&self, overview: &mut Overview) {
        self.put(&mut overview.serving.why);
        overview.stuck.iter_mut().for_each(|stuck| self.put(&mut stuck.sentence));
        overview.open.iter_mut().chain(&mut overview.moves).for_each(|made| self.apply_to_move(made));
        overview.decisions.iter_mut().for_each(|decided: &mut Decided| self.put(&mut decided.why));
        overview.pending.iter_mut().for_each(|waiting| self.put(&mut waiting.why));
        overview.troubles.iter_mut().for_each(|trouble| self.put(trouble));
        for seen in &mut overview.switches {
            if let Observed::Mixed(told) | Observed::Unknown(told) = &mut seen.observed {
                self.put(told);
            }
        }
    }

    fn apply_to_move(&self, made: &mut Move) {
        self.put(&mut made.reason);
        made.outcome.iter_mut().for_each(|outcome| self.put(outcome));
        made.trouble.iter_mut().for_each(|trouble| self.put(&mut trouble.sentence));
        made.steps.iter_mut().filter_map(|part| part.note.as_mut()).for_each(|note| self.put(note));
    }

    fn put(&self, sentence: &mut String) {
        *sentence = self.say(sentence);
    }
}

/// What people call the site: its host, where it has one.
pub(super) fn place(facts: &SiteFacts) -> String {
    facts.public_url.as_deref().map_or_else(|| facts.name.to_string(), host)
}

/// What people call a switch of a site.
pub(super) fn called(switch: &SwitchId, site: &str) -> String {
    let last = switch.resource.rsplit('/').next().unwrap_or_default();
    match switch.kind.as_str() {
        "cloud_run_invoker" => format!("the door of the service {last}"),
        "cloudflare_page_rule" => format!("the page rule of {site}"),
        "cloudflare_redirect_rule" => format!("the redirect rule of {site}"),
        "cloudflare_dns_record" => format!("the DNS record of {site}"),
        "cloudflare_worker_route" => format!("the Worker's route of {site}"),
        "uptime_check" => format!("the uptime check of {site}"),
        "gcp_alias_ip" => format!("the alias address of {site}"),
        "gcp_access_config" => format!("the public address of {site}"),
        "azure_ip_configuration" => format!("the address of {site} on Azure"),
        "kubernetes_scale" => format!("the deployment {last}"),
        kind => format!("the {} of {site}", kind.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_things_and_says_them_once() {
        let switch = SwitchId::new("cloudflare_page_rule", "zones/023e/pagerules/9a78");
        let name = called(&switch, "www.example.com");
        let names = Names(vec![(switch.to_string(), name.clone()), (switch.resource.clone(), name)]);
        let refused = "could not read zones/023e/pagerules/9a78: Cloudflare answered 403: no (10000)";
        for told in [format!("observe {switch}: {refused}"), format!("failed to observe {switch}: {refused}")]
        {
            assert_eq!(
                names.say(&told),
                "could not read the page rule of www.example.com: Cloudflare answered 403: no (10000)"
            );
        }
        let other = "the failover was undone: could not read the journal";
        assert_eq!(names.say(other), other);
    }
}
