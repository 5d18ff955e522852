//! Names: what people call the things that providers number.

use failover_core::SwitchId;

use super::PROVIDERS;

/// What stands in sentences, and what people call it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names(Vec<(String, String)>);

impl Names {
    /// The names of the switches of what people call `site`.
    pub fn of<'a>(switches: impl IntoIterator<Item = &'a SwitchId>, site: &str) -> Self {
        let named = switches.into_iter().flat_map(|switch| {
            let name = called(switch, site);
            // The longer first: the one has the other in it.
            [(switch.to_string(), name.clone()), (switch.resource.clone(), name)]
        });
        Self(named.filter(|(written, _)| written.contains('/')).collect())
    }

    /// The sentence with names for ids, and what is said twice said once.
    pub fn say(&self, sentence: &str) -> String {
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
}

/// What people call a switch of a site, as its kind has it.
pub fn called(switch: &SwitchId, site: &str) -> String {
    let name = switch.resource.rsplit('/').next().unwrap_or_default();
    match PROVIDERS.iter().find(|provider| provider.kind == switch.kind) {
        Some(provider) => provider.called.replace("{name}", name).replace("{site}", site),
        // A later release's.
        None => format!("the {} of {site}", switch.kind.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_things_and_says_them_once() {
        let switch = SwitchId::new("cloudflare_page_rule", "zones/023e/pagerules/9a78");
        let names = Names::of([&switch], "www.example.com");
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
