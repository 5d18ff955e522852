//! The site itself: what it answers, by what one knows it, and how it is reached past the redirect.

use http::HeaderMap;
use url::Url;

use super::{
    super::exit::Failure,
    ask::{Asker, Question},
    cloudflare::Zone,
    web::{Answered, Web},
};

/// The site to guard.
#[derive(Debug)]
pub(super) struct ChosenSite {
    /// What visitors type.
    pub(super) url: Url,
    /// A name for it.
    pub(super) name: String,
}

/// What it answers.
#[derive(Debug)]
pub(super) struct FrontPage {
    title: Option<String>,
    body: String,
    by_cloudflare: bool,
}

impl ChosenSite {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let example = "failover init https://www.example.com/";
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let wrong = |why: &str| Failure::usage(format!("{text:?} {why}")).next(example);
        let url: Url = whole.parse().map_err(|_| wrong("is no URL"))?;
        let host = url.host_str().unwrap_or_default();
        let is_here = matches!(host, "localhost" | "127.0.0.1");
        if !(url.scheme() == "https" || url.scheme() == "http" && is_here) {
            return Err(wrong("doesn't begin with https://"));
        }
        if !host.contains('.') && !is_here {
            return Err(wrong("has no domain"));
        }
        let name = name(host);
        Ok(Self { url, name })
    }

    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// What it answers now: it has to be well to be known again.
    pub(super) async fn look(&self, web: &Web) -> Result<FrontPage, Failure> {
        let answered = web.get(self.url.as_str(), HeaderMap::new()).await.map_err(|failure| {
            failure.next("the site has to answer while it is set up; check its name, and that it is up")
        })?;
        let header =
            |name: &str| answered.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if header("cf-mitigated") == "challenge" {
            let sentence = "Cloudflare challenges this look as it would the function's: it couldn't tell whether the site is up";
            return Err(Failure::new(sentence).next("switch Bot Fight Mode off for this host, and try again"));
        }
        if answered.status != 200 {
            let sentence = format!("{} answers {}, not 200", self.url, answered.status);
            return Err(Failure::new(sentence).next("begin with a page that answers 200"));
        }
        let by_cloudflare = answered.headers.contains_key("cf-ray");
        Ok(FrontPage { title: title(&answered), body: answered.text, by_cloudflare })
    }
}

impl FrontPage {
    pub(super) fn told(&self) -> String {
        let title = self.title.as_ref().map_or_else(String::new, |title| format!(" and is called {title:?}"));
        if self.by_cloudflare {
            format!("the site answers through Cloudflare{title}")
        } else {
            format!(
                "! the site answers{title}, and not through Cloudflare's proxy: rules run there and nowhere else"
            )
        }
    }
}

/// Text of the site's that no error page has.
pub(super) async fn expect(
    given: Option<String>,
    page: &FrontPage,
    asker: &mut Asker,
) -> Result<String, Failure> {
    let question = Question {
        text: "By which text is the site known, that no error page has?",
        usual: page.title.as_deref(),
        option: "--expect",
    };
    asker
        .until(given, question, async |text| {
            if text.trim().is_empty() {
                return Err(Failure::usage("an empty text is on every page, an error page too"));
            }
            if text.contains(['\n', '\r']) || !page.body.contains(&text) {
                return Err(Failure::usage(format!("the site doesn't show {text:?}"))
                    .next("take a piece of its text, letter by letter as in its HTML"));
            }
            Ok(text)
        })
        .await
}

/// Where the primary answers past the redirect; proven by what it answers now.
pub(super) async fn primary(
    site: &ChosenSite,
    given: Option<String>,
    expect: &str,
    zone: &Zone,
    web: &Web,
    asker: &mut Asker,
) -> Result<Option<String>, Failure> {
    if given.is_none() && asker.is_interactive() {
        asker.remark(zone.way_home());
    }
    let question = Question {
        text: "Where does it answer while its own name leads to the standby? A URL, or none",
        usual: Some("none"),
        option: "--primary-url",
    };
    asker
        .until(given, question, async |text| {
            if text == "none" { Ok(None) } else { proven(site, &text, expect, web).await.map(Some) }
        })
        .await
}

async fn proven(site: &ChosenSite, text: &str, expect: &str, web: &Web) -> Result<String, Failure> {
    let next = "docs/primary-url.md has a recipe for each way; none goes without";
    let url: Url = text.parse().map_err(|_| Failure::usage(format!("{text:?} is no URL")).next(next))?;
    let is_public = url.host_str() == site.url.host_str()
        && url.port_or_known_default() == site.url.port_or_known_default();
    if is_public {
        return Err(
            Failure::usage(format!("{url} has the public name, which the redirect catches")).next(next)
        );
    }
    let answered = web.get(url.as_str(), HeaderMap::new()).await.map_err(|failure| failure.next(next))?;
    if answered.status != 200 || !answered.text.contains(expect) {
        let sentence = format!("{url} answers {} without {expect:?}: it isn't the site", answered.status);
        return Err(Failure::new(sentence).next(next));
    }
    Ok(url.to_string())
}

/// The text of `<title>`, unless it is written in a way that its HTML doesn't show.
fn title(answered: &Answered) -> Option<String> {
    let lower = answered.text.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = answered.text[start..end].trim();
    (title.len() > 2 && title.len() < 200 && !title.contains(['&', '\n'])).then(|| title.to_owned())
}

/// `www.example.com` is called example, `blog.example.com` blog.
fn name(host: &str) -> String {
    let labels: Vec<&str> = host.split('.').collect();
    let first = if labels.first() == Some(&"www") && labels.len() > 2 { labels[1] } else { labels[0] };
    let plain: String =
        first.to_lowercase().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    let plain = plain.trim_matches('-').to_owned();
    if plain.starts_with(|c: char| c.is_ascii_lowercase()) { plain } else { format!("site{plain}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_site_is_told_so() {
        for text in ["", "https://", "ftp://example.com/", "http://example.com/", "https://homelab/", "a b"] {
            assert!(ChosenSite::parse(text).is_err(), "{text}");
        }
        for (text, name) in [
            ("https://www.example.com/", "example"),
            ("blog.example.com", "blog"),
            ("https://example.com", "example"),
            ("https://1st.example.com/", "site1st"),
        ] {
            assert_eq!(ChosenSite::parse(text).expect(text).name, name, "{text}");
        }
    }
}
