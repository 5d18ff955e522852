//! The page as HTML. Templates only lay out; every word that depends on something is found in `view` or in the
//! overview. Everything is escaped by the templates.

use askama::Template;
use jiff::Timestamp;

use super::{
    Look, Place, Tone,
    headers::{SCRIPT, STYLE},
    view::View,
    words,
};
use crate::announce::Told;

/// Seconds until a page looks again: own choice.
pub(super) const REFRESH: u32 = 30;
const REFRESH_WHILE_URGENT: u32 = 5;

/// The whole page, alarms first; one that stands `still` doesn't look again where there is no script.
pub(super) fn page(look: &Look, now: Timestamp, still: bool) -> String {
    let mut sites: Vec<View<'_>> = look.sites.iter().map(|site| View::of(site, now)).collect();
    sites.sort_by_key(|view| std::cmp::Reverse(view.site.tone));
    rendered(&Page {
        style: STYLE,
        script: SCRIPT,
        refresh: if look.is_urgent() { REFRESH_WHILE_URGENT } else { REFRESH },
        still,
        sites,
        tone: look.sites.iter().map(|site| site.tone).max().unwrap_or(Tone::Calm),
        look,
        now,
    })
}

/// What whoever comes without a key sees; `was_wrong` if they brought one.
pub(super) fn locked(was_wrong: bool) -> String {
    rendered(&Locked { style: STYLE, was_wrong })
}

/// What whoever comes with the key sees for an instant.
pub(super) fn welcome() -> String {
    rendered(&Welcome { style: STYLE })
}

/// Rendering writes to memory, which can't fail; a template that could is said so in its place.
pub(super) fn rendered(template: &impl Template) -> String {
    template.render().unwrap_or_else(|error| format!("the page could not be put together: {error}"))
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    refresh: u32,
    still: bool,
    sites: Vec<View<'a>>,
    tone: Tone,
    look: &'a Look,
    now: Timestamp,
}

#[derive(Template)]
#[template(path = "locked.html")]
struct Locked {
    style: &'static str,
    was_wrong: bool,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    style: &'static str,
}

impl Page<'_> {
    /// Several sites are folded, but for those that ask for somebody.
    fn is_folded(&self) -> bool {
        self.sites.len() > 1
    }

    /// The way to those that ask for somebody; where none does, the folded sites are their own list.
    fn has_way(&self) -> bool {
        self.is_folded() && self.sites.iter().any(View::is_loud)
    }

    /// What a screen reader hears first.
    fn heard(&self) -> String {
        self.sites.iter().map(|view| view.headline.heard()).collect::<Vec<_>>().join(" ")
    }

    /// What the browser's tab says: the state first, since tabs are narrow.
    fn title(&self) -> String {
        let told: Vec<String> = self
            .sites
            .iter()
            .map(|view| format!("{}: {}", view.site.site, view.headline.place_words()))
            .collect();
        format!("{} · cloud-failover", told.join(", "))
    }

    /// The icon's colour.
    fn colour(&self) -> &'static str {
        match self.tone {
            Tone::Calm => "2ea043",
            Tone::Notice => "388bfd",
            Tone::Warning => "e3a008",
            Tone::Alarm => "e5484d",
        }
    }

    fn clock(&self, time: &Timestamp) -> String {
        words::clock(self.now, *time)
    }

    fn relative(&self, time: &Timestamp) -> String {
        words::relative(self.now, *time)
    }
}
