//! A deployed script: whether it is there, whether it is this version's gate, and whether its bindings let it do its work.
//!
//! Sources, read 2026-11-30: the pages "Scripts" and "Script and version settings" of Cloudflare's API reference.

use serde_json::Value;
use url::Url;

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{Problem, Situation, cloudflare::ByHand},
    edge::GATE,
};

/// What a token for routes alone can't see.
pub const UNSEEN: &str = "which version of the gate is deployed, and with what bindings, can't be told: Zone: Read on the zone and \
     Workers Scripts: Read on the account would tell";

/// What every version of the gate says of itself, in each answer.
const SERVED_BY: &str = "failover-served-by";

/// No script of this name is in the account.
const NO_SCRIPT: &str = "(10007)";

/// What a script is for, which its `MODE` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Home first, the standby per request.
    Gate,
    /// The standby always.
    Standby,
}

/// A script as the configuration has it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is for.
    pub mode: Mode,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Standby => "standby",
        }
    }

    /// What would come of one that is deployed as the other.
    fn confused(self) -> &'static str {
        match self {
            Self::Gate => "in ordinary times it would lead every visitor to the standby",
            Self::Standby => "in an outage it would go on asking home first",
        }
    }
}

/// Whether an answer says that there is no such script, and not that there is nobody to ask.
pub fn is_gone(error: &ApiError) -> bool {
    error.kind == ApiErrorKind::Missing && error.message.contains(NO_SCRIPT)
}

/// A script that isn't there.
pub fn gone(wanted: &Wanted<'_>) -> Problem {
    let sentence = match wanted.mode {
        Mode::Standby => format!(
            "the script {} is not deployed, so nobody could be led to the standby: Cloudflare refuses a route to it",
            wanted.name
        ),
        Mode::Gate => format!(
            "the script {} is not deployed, so home can't be put behind it again after an outage",
            wanted.name
        ),
    };
    Problem::critical(
        sentence,
        "terraform apply   # or as docs/edge.md has it: failover edge script prints it",
    )
}

/// A script that isn't what this binary was made with. It is searched in the answer: Cloudflare wraps modules in a form.
pub fn of_text(text: &str, wanted: &Wanted<'_>, script: &ByHand) -> Option<Problem> {
    if text.contains(GATE.trim()) {
        return None;
    }
    let name = wanted.name;
    if text.contains(SERVED_BY) {
        let sentence = format!("the script {name} is another version of the gate than this one's");
        return Some(Problem::warning(sentence, upload(script)));
    }
    let sentence = format!(
        "the script {name} is not the gate: its answers don't say who served, so no failover would be seen to have worked"
    );
    Some(Problem::critical(sentence, upload(script)))
}

/// What replaces a script's text, and leaves its bindings as they are.
fn upload(script: &ByHand) -> String {
    let form = "-F 'metadata={\"main_module\":\"gate.js\"};type=application/json' -F \
                'gate.js=@gate.js;type=application/javascript+module'";
    format!("failover edge script >gate.js && {}", script.below("content").upload(form))
}

/// Bindings with which the script would not do what the route has it for.
pub fn of_bindings(
    settings: &Value,
    wanted: &Wanted<'_>,
    script: &ByHand,
    situation: &Situation,
) -> Vec<Problem> {
    let bound = Bound { settings, name: wanted.name };
    let problems = [
        bound.mode(wanted.mode),
        bound.standby(situation.standby_url.as_ref()),
        bound.token(script),
        bound.site(wanted.mode, situation),
    ];
    problems.into_iter().flatten().collect()
}

struct Bound<'a> {
    settings: &'a Value,
    name: &'a str,
}

impl Bound<'_> {
    fn find(&self, name: &str) -> Option<&Value> {
        self.settings["bindings"].as_array()?.iter().find(|binding| binding["name"] == name)
    }

    /// What a binding says; secrets are there and say nothing.
    fn text(&self, name: &str) -> Option<&str> {
        self.find(name)?["text"].as_str().filter(|text| !text.is_empty())
    }

    fn critical(&self, what: &str, mend: String) -> Problem {
        Problem::critical(format!("the script {} {what}", self.name), mend)
    }

    fn mode(&self, wanted: Mode) -> Option<Problem> {
        let mode = match self.find("MODE") {
            Some(_) => self.text("MODE")?,
            None => Mode::Gate.as_str(),
        };
        let what = format!("has MODE {mode}, not {}: {}", wanted.as_str(), wanted.confused());
        (mode != wanted.as_str()).then(|| self.critical(&what, bind("MODE", wanted.as_str())))
    }

    fn standby(&self, standby: Option<&Url>) -> Option<Problem> {
        let standby = standby?;
        if self.find("STANDBY_URL").is_none() {
            let what = "has no STANDBY_URL: it has nowhere to go when home is lost";
            return Some(self.critical(what, bind("STANDBY_URL", standby.as_str())));
        }
        let url = self.text("STANDBY_URL")?;
        let elsewhere = url.parse::<Url>().ok().is_none_or(|url| url.origin() != standby.origin());
        elsewhere.then(|| {
            let sentence = format!(
                "the script {} asks {url} in an outage, and the standby that is proven is at {standby}",
                self.name
            );
            Problem::warning(sentence, bind("STANDBY_URL", standby.as_str()))
        })
    }

    /// The key never comes to Terraform: it is given to each script by hand, and forgotten easily.
    fn token(&self, script: &ByHand) -> Option<Problem> {
        if self.find("TOKEN_AUDIENCE").is_none() {
            let sentence = format!(
                "the script {} has no TOKEN_AUDIENCE: it sends no token, and a closed standby refuses it",
                self.name
            );
            return Some(Problem::warning(
                sentence,
                bind("TOKEN_AUDIENCE", "https://…   # the service's own URL"),
            ));
        }
        if self.find("SIGNING_KEY").is_none() {
            let what = "has no SIGNING_KEY: the closed standby would refuse it";
            let key = "jq -n --arg key \"$KEY\" '{name:\"SIGNING_KEY\",type:\"secret_key\",format:\"pkcs8\",\
                       algorithm:{name:\"RSASSA-PKCS1-v1_5\",hash:\"SHA-256\"},usages:[\"sign\"],key_base64:$key}'";
            let put = script.below("secrets").upload("--json @-");
            return Some(self.critical(what, format!("{key} | {put}   # docs/edge.md has how KEY is made")));
        }
        let account = self.find("SERVICE_ACCOUNT").is_none();
        let what = "has no SERVICE_ACCOUNT: nobody signs for it, and the closed standby would refuse it";
        account.then(|| self.critical(what, bind("SERVICE_ACCOUNT", "…   # whose key SIGNING_KEY is")))
    }

    /// Its reports name the site, and a report that names none is nobody's.
    fn site(&self, mode: Mode, situation: &Situation) -> Option<Problem> {
        if mode == Mode::Standby || (self.find("SITE").is_some() && self.text("SITE").is_none()) {
            return None;
        }
        let site = situation.site.as_str();
        let told = self.text("SITE").map_or_else(|| "none".to_owned(), |told| format!("the site {told}"));
        let sentence = format!("the script {} reports outages of {told}, not of {site}", self.name);
        (self.text("SITE") != Some(site)).then(|| Problem::warning(sentence, bind("SITE", site)))
    }
}

fn bind(name: &str, value: &str) -> String {
    format!(
        "terraform apply   # or in the script's settings at https://dash.cloudflare.com: {name} = {value}"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STANDBY: &str = "https://standby.example.com/";

    fn script() -> ByHand {
        ByHand::at("https://api/accounts/a/workers/scripts/www")
    }

    fn found(mode: Mode, bindings: &Value) -> Vec<String> {
        let mut situation = Situation::visited_at("https://www.example.com/");
        situation.standby_url = STANDBY.parse().ok();
        let wanted = Wanted { name: "www", mode };
        let problems = of_bindings(&json!({ "bindings": bindings }), &wanted, &script(), &situation);
        problems.into_iter().map(|problem| problem.sentence).collect()
    }

    fn text(name: &str, text: &str) -> Value {
        json!({ "name": name, "type": "plain_text", "text": text })
    }

    fn sound() -> Vec<Value> {
        vec![
            text("MODE", "standby"),
            text("SITE", "resume"),
            text("STANDBY_URL", "https://standby.example.com"),
            text("TOKEN_AUDIENCE", "https://standby.example.com"),
            text("SERVICE_ACCOUNT", "gate@p.iam.gserviceaccount.com"),
            json!({ "name": "SIGNING_KEY", "type": "secret_key", "format": "pkcs8", "usages": ["sign"] }),
        ]
    }

    #[test]
    fn another_version_is_told_apart_from_another_script() {
        let wanted = Wanted { name: "www", mode: Mode::Gate };
        let of = |text: &str| of_text(text, &wanted, &script());
        assert_eq!(of(GATE), None);
        let form = format!(
            "--b\r\nContent-Disposition: form-data; name=\"gate.js\"; filename=\"gate.js\"\r\n\r\n{}\r\n--b--",
            GATE.trim_end()
        );
        assert_eq!(of(&form), None);
        let older = of(&GATE.replace("5_000", "6_000")).expect("another version");
        assert_eq!(older.sentence, "the script www is another version of the gate than this one's");
        let command = "failover edge script >gate.js && curl -X PUT https://api/accounts/a/workers/scripts/www/content -H";
        assert!(older.mend.starts_with(command), "{}", older.mend);
        let other = of("export default { fetch: () => new Response('hello') };").expect("another script");
        assert!(other.sentence.starts_with("the script www is not the gate"), "{}", other.sentence);
    }

    #[test]
    fn bindings_with_which_a_script_could_not_work_are_found() {
        assert_eq!(found(Mode::Standby, &json!(sound())), [""; 0]);
        let without = |name: &str| {
            let mut bindings = sound();
            bindings.retain(|binding| binding["name"] != name);
            found(Mode::Standby, &json!(bindings))
        };
        for (name, sentence) in [
            (
                "MODE",
                "the script www has MODE gate, not standby: in an outage it would go on asking home first",
            ),
            ("STANDBY_URL", "the script www has no STANDBY_URL: it has nowhere to go when home is lost"),
            (
                "TOKEN_AUDIENCE",
                "the script www has no TOKEN_AUDIENCE: it sends no token, and a closed standby refuses it",
            ),
            ("SIGNING_KEY", "the script www has no SIGNING_KEY: the closed standby would refuse it"),
            (
                "SERVICE_ACCOUNT",
                "the script www has no SERVICE_ACCOUNT: nobody signs for it, and the closed standby would refuse it",
            ),
        ] {
            assert_eq!(without(name), [sentence]);
        }
        assert_eq!(without("SITE"), [""; 0], "the standby's script reports nothing");
    }

    #[test]
    fn the_gate_reports_its_own_site_and_leads_to_its_own_standby() {
        let with = |name: &str, value: Value| {
            let mut bindings: Vec<Value> =
                sound().into_iter().filter(|binding| binding["name"] != "MODE").collect();
            bindings.retain(|binding| binding["name"] != name);
            bindings.push(value);
            found(Mode::Gate, &json!(bindings))
        };
        assert_eq!(with("MODE", text("MODE", "gate")), [""; 0]);
        assert_eq!(
            with("MODE", json!({ "name": "MODE", "type": "secret_text" })),
            [""; 0],
            "nobody can tell"
        );
        let confused = "the script www has MODE standby, not gate: in ordinary times it would lead every visitor to the \
                        standby";
        assert_eq!(with("MODE", text("MODE", "standby")), [confused]);
        let of_another = "the script www reports outages of the site shop, not of resume";
        assert_eq!(with("SITE", text("SITE", "shop")), [of_another]);
        let elsewhere = "the script www asks https://other.example.com in an outage, and the standby that is proven is at \
                         https://standby.example.com/";
        assert_eq!(with("STANDBY_URL", text("STANDBY_URL", "https://other.example.com")), [elsewhere]);
    }
}
