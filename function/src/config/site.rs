//! `[[sites]]`: what is guarded, by which switches, and what its owner decided.

mod policy;
mod switches;
mod urls;
mod witness;

use std::{str::FromStr, sync::Arc};

use failover_core::{Policy, Role, SiteMarks, SiteName, SwitchId};
use toml::Table;
use url::Url;

use crate::{
    clouds::{LeadsBy, Spec},
    host::{HostPort, canonical},
    pace::Waits,
    probe::{self, Targets, Witness},
};
use urls::Urls;

use super::section::Section;

/// A guarded site.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its name.
    pub name: SiteName,
    /// What visitors type; none where only operators and promotions move the site.
    pub public_url: Option<Url>,
    /// By what one knows which place answered there.
    pub witness: Witness,
    /// Where the standby answers.
    pub standby_url: Option<Url>,
    /// Where the primary answers past the redirect.
    pub primary_url: Option<Url>,
    /// Where to connect for `primary_url`, in place of what its host resolves to.
    pub primary_connect: Option<HostPort>,
    /// Its switches, in the order of the configuration.
    pub switches: Vec<Arc<dyn Spec>>,
    /// What decisions depend on.
    pub policy: Policy,
    /// By what an incident recognises it.
    pub marks: SiteMarks,
    /// How long its moves wait.
    pub waits: Waits,
    /// What the public URL and the primary have to answer.
    pub expect: Expect,
    /// What the standby has to answer.
    pub standby_expect: Expect,
    /// Whether reconcile sets back what drifted.
    pub repair: bool,
}

/// What an answer has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// The status.
    pub status: u16,
    /// A text in the body; an empty one is in every body.
    pub contains: String,
}

impl Site {
    /// Where it is asked. Names are looked up by each probe.
    pub fn targets(&self) -> Targets {
        let is_led_by_name =
            |switch: &Arc<dyn Spec>| switch.role() == Role::Route && switch.leads_by() == LeadsBy::Name;
        Targets {
            public: self.public_url.clone(),
            witness: self.witness.clone(),
            standby: self.standby_url.clone(),
            primary: self.primary_url.clone(),
            connect: self.primary_connect.clone(),
            by_name: self.switches.iter().any(is_led_by_name),
            expect: self.expect.for_probes(),
            standby_expect: self.standby_expect.for_probes(),
        }
    }
}

impl Expect {
    fn for_probes(&self) -> probe::Expect {
        probe::Expect { status: self.status, contains: self.contains.clone() }
    }
}

impl Default for Expect {
    fn default() -> Self {
        Self { status: 200, contains: String::new() }
    }
}

pub(super) fn read_all(root: &mut Section<'_, '_>) -> Vec<Site> {
    if !root.has("sites") {
        root.notes.knows("sites");
        root.notes.problem("sites", "is missing", "[[sites]]");
        return Vec::new();
    }
    let mut seen = Seen::default();
    let tables = root.tables("sites");
    if tables.is_empty() && !root.notes.has_problem("sites") {
        root.notes.problem("sites", "is empty", "[[sites]]");
    }
    let tables = tables.into_iter().enumerate();
    let sites: Vec<Site> = tables
        .filter_map(|(index, table)| root.within(path(index, table), table, |site| read(site, &mut seen)))
        .collect();
    switches::refuse_beside_anothers_worker(root, &sites);
    sites
}

/// Problems name a site by its name where it has a good one.
fn path(index: usize, table: &Table) -> String {
    let name =
        table.get("name").and_then(|name| name.as_str()).filter(|name| name.parse::<SiteName>().is_ok());
    name.map_or_else(|| format!("sites[{index}]"), |name| format!("sites.{name}"))
}

/// What earlier sites have taken.
#[derive(Default)]
struct Seen {
    names: Vec<SiteName>,
    switches: Vec<(SwitchId, String)>,
}

/// A name as the configuration gives it, refused with a fragment that reads after its key.
struct GivenName(SiteName);

impl FromStr for GivenName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| format!("is refused: {error}"))
    }
}

fn read(site: &mut Section<'_, '_>, seen: &mut Seen) -> Option<Site> {
    let name = read_name(site, seen);
    let switches = switches::read_all(site, seen);
    let urls = urls::read(site, &switches);
    let policies: Vec<String> = site
        .optional_list::<PolicyName>("policies", "projects/acme-prod/alertPolicies/12942885046098191375")
        .into_iter()
        .map(|policy| policy.0)
        .collect();
    let witness = witness::read(site, urls.public.as_ref(), &switches);
    let policy = policy::read(site, &switches, &urls);
    let waits = Waits {
        confirm_within: site.time("confirm_within", "2s"),
        verify_within: site.some_time("verify_within", "5m"),
        failback_patience: site.some_time("failback_patience", "60s"),
    };
    let expect = read_expect(site, "expect");
    let standby_expect = read_expect(site, "standby_expect");
    let repair = site.flag("repair");
    let name = name?;
    Some(Site {
        marks: marks(&name, urls.public.as_ref(), &switches, policies),
        name,
        public_url: urls.public,
        witness,
        standby_url: urls.standby,
        primary_url: urls.primary,
        primary_connect: urls.connect,
        switches,
        policy,
        waits,
        expect,
        standby_expect,
        repair,
    })
}

fn read_name(site: &mut Section<'_, '_>, seen: &mut Seen) -> Option<SiteName> {
    let name = site.required::<GivenName>("name", "resume")?.0;
    if seen.names.contains(&name) {
        site.notes.problem_with("name", "is the name of another site too", "blog");
    }
    seen.names.push(name.clone());
    Some(name)
}

fn marks(
    name: &SiteName,
    public: Option<&Url>,
    switches: &[Arc<dyn Spec>],
    policies: Vec<String>,
) -> SiteMarks {
    SiteMarks {
        name: name.clone(),
        check_ids: switches.iter().filter_map(|switch| switch.named_by()).collect(),
        host: public.and_then(Url::host_str).map(canonical),
        policies,
    }
}

fn read_expect(site: &mut Section<'_, '_>, key: &'static str) -> Expect {
    let read = |expect: &mut Section<'_, '_>| Expect {
        status: u16::try_from(expect.number("status", 200, 100..=599)).unwrap_or(200),
        contains: expect.optional("contains", "Welcome").unwrap_or_default(),
    };
    site.section(key, read).unwrap_or_default()
}

/// `projects/P/alertPolicies/ID`.
struct PolicyName(String);

impl FromStr for PolicyName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split('/').collect::<Vec<_>>()[..] {
            ["projects", project, "alertPolicies", id] if !project.is_empty() && !id.is_empty() => {
                Ok(Self(text.to_owned()))
            }
            _ => Err("is not of the shape projects/…/alertPolicies/…"),
        }
    }
}
