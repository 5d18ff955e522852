//! What anybody may know: whether each site answers, since when, and how it was. No command, no reason, no id, and
//! nothing of where it runs.

use askama::Template;
use failover_core::Position;
use jiff::Timestamp;

use super::{
    Look, Overview, Tone,
    bar::{Bar, bar},
    headers::{SCRIPT, STYLE},
    html::{REFRESH, rendered},
    words::{self, Now},
};

/// Pixels of a badge's letter, and around a text: own choice, so that no text is cut at its 11 pixels.
const LETTER: usize = 7;
const AROUND: usize = 12;

/// A site as anybody may see it.
struct PublicSite<'a> {
    site: &'a Overview,
    now: Now,
    state: PublicState,
}

/// How a site is, for anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PublicState {
    Answers,
    OnStandby,
    Unknown,
    Moving,
    Dark,
}

impl PublicState {
    fn of(site: &Overview, now: Timestamp) -> Self {
        match site.answered_lately(now) {
            _ if site.dark.is_some() => Self::Dark,
            Some(Position::Primary) => Self::Answers,
            Some(Position::Standby) => Self::OnStandby,
            None if site.serving.moving_to.is_some() => Self::Moving,
            None => Self::Unknown,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::OnStandby => "answers, from its standby",
            Self::Unknown => "could not be asked",
            Self::Moving => "is being moved",
            Self::Dark => "gives no answer",
        }
    }

    fn badge(self) -> (&'static str, &'static str) {
        match self {
            Self::Answers => ("up", "#1a7f37"),
            Self::OnStandby => ("up, on standby", "#8a5a00"),
            Self::Unknown => ("unknown", "#57606a"),
            Self::Moving => ("moving", "#0a58b5"),
            Self::Dark => ("down", "#b3261e"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Answers => Tone::Calm,
            Self::OnStandby | Self::Unknown => Tone::Warning,
            Self::Moving => Tone::Notice,
            Self::Dark => Tone::Alarm,
        }
    }
}

impl<'a> PublicSite<'a> {
    fn of(site: &'a Overview, now: Timestamp) -> Self {
        Self { site, now: Now(now), state: PublicState::of(site, now) }
    }

    fn host(&self) -> String {
        self.site.public_url.as_deref().map_or_else(String::new, words::host)
    }

    fn since(&self) -> Option<Timestamp> {
        self.site.dark.as_ref().and_then(|dark| dark.since)
    }

    fn bar(&self) -> Option<Bar> {
        self.site.evidence.uptime.as_ref().map(|uptime| bar(uptime, self.now.0))
    }
}

#[derive(Template)]
#[template(path = "public.html")]
struct PublicPage<'a> {
    style: &'static str,
    script: &'static str,
    refresh: u32,
    still: bool,
    sites: Vec<PublicSite<'a>>,
    look: &'a Look,
    now: Timestamp,
}

impl PublicPage<'_> {
    fn title(&self) -> String {
        let told: Vec<String> =
            self.sites.iter().map(|site| format!("{} {}", site.site.site, site.state.words())).collect();
        told.join(", ")
    }

    fn seen(&self) -> Option<String> {
        let at = self.look.at?;
        Some(format!("{}, {}", words::relative(self.now, at), words::clock(self.now, at)))
    }
}

#[derive(Template)]
#[template(path = "badge.svg")]
struct Badge {
    name: String,
    told: &'static str,
    colour: &'static str,
}

impl Badge {
    fn left(&self) -> usize {
        self.name.chars().count() * LETTER + AROUND
    }

    fn right(&self) -> usize {
        self.told.chars().count() * LETTER + AROUND
    }

    fn width(&self) -> usize {
        self.left() + self.right()
    }

    fn middles(&self) -> (usize, usize) {
        (self.left() / 2, self.left() + self.right() / 2)
    }
}

/// The page for anybody.
pub(super) fn page(look: &Look, now: Timestamp, still: bool) -> String {
    let sites = look.sites.iter().map(|site| PublicSite::of(site, now)).collect();
    rendered(&PublicPage { style: STYLE, script: SCRIPT, refresh: REFRESH, still, sites, look, now })
}

/// The badge of a site, or of the worst of all; none where there is no such site.
pub(super) fn badge(look: &Look, now: Timestamp, site: Option<&str>) -> Option<String> {
    let meant = look.sites.iter().filter(|known| site.is_none_or(|name| known.site == name));
    let worst = meant.max_by_key(|site| PublicState::of(site, now))?;
    let name = match (site, look.sites.len()) {
        (None, 2..) => format!("{} sites", look.sites.len()),
        _ => worst.site.clone(),
    };
    let (told, colour) = PublicState::of(worst, now).badge();
    Some(rendered(&Badge { name, told, colour }))
}
