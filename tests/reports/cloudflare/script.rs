//! Who answers what, as time passes and marks are set.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use sandbox::{Page, Service, World};

use super::case::{Case, Said};

/// A place that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind the edge, at this content of a record or at any.
    Origin(Option<String>),
    Home,
    Standby,
    Elsewhere,
    Anchor,
}

/// All places with what they answer when.
#[derive(Debug)]
pub(super) struct Script {
    world: Arc<World>,
    began: Instant,
    places: Vec<(Place, Vec<Said>)>,
    marks: Mutex<HashSet<String>>,
}

impl Script {
    pub(super) fn of(case: &Case, world: &Arc<World>, began: Instant) -> Arc<Self> {
        let contents = case.by_content.iter().map(|(content, said)| {
            let content = (content != "else").then(|| content.clone());
            (Place::Origin(content), said.clone())
        });
        let places = [
            (Place::Origin(None), &case.edge),
            (Place::Home, &case.home),
            (Place::Standby, &case.standby),
            (Place::Elsewhere, &case.elsewhere),
            (Place::Anchor, &case.anchor),
        ];
        let places = places.into_iter().map(|(place, said)| (place, said.clone())).chain(contents);
        let places = places.filter(|(_, said)| !said.is_empty()).collect();
        let script =
            Arc::new(Self { world: Arc::clone(world), began, places, marks: Mutex::new(HashSet::new()) });
        script.apply();
        script.clone().follow_the_clock();
        script
    }

    /// Something has begun, or is over.
    pub(super) fn mark(&self, name: &str, is_set: bool) {
        let mut marks = self.marks.lock().expect("marks");
        if is_set {
            marks.insert(name.to_owned())
        } else {
            marks.remove(name)
        };
        drop(marks);
        self.apply();
    }

    /// The moments at which an answer begins by itself.
    fn follow_the_clock(self: Arc<Self>) {
        let begins: Vec<f64> =
            self.places.iter().flat_map(|(_, said)| said.iter().filter_map(|one| one.from)).collect();
        for second in begins {
            let script = Arc::clone(&self);
            tokio::spawn(async move {
                tokio::time::sleep_until((script.began + Duration::from_secs_f64(second)).into()).await;
                script.apply();
            });
        }
    }

    /// Everybody answers what holds now: the last answer that has begun.
    fn apply(&self) {
        for (place, said) in &self.places {
            if let Some(said) = said.iter().rfind(|said| self.holds(said)) {
                self.say(place, &page(said));
            }
        }
    }

    fn holds(&self, said: &Said) -> bool {
        let marked = said.mark.as_ref().is_none_or(|mark| self.marks.lock().expect("marks").contains(mark));
        marked && said.from.is_none_or(|second| self.began.elapsed() >= Duration::from_secs_f64(second))
    }

    fn say(&self, place: &Place, page: &Page) {
        let said = Some(page.clone());
        match place {
            Place::Origin(content) => self.world.edge.set("resume", |edge| {
                edge.origins.retain(|(known, _)| known != content);
                edge.origins.push((content.clone(), page.clone()));
            }),
            Place::Home => self.world.sites.pages.say(Service::Primary, "resume", said),
            Place::Standby => self.world.sites.pages.say(Service::Standby, "resume", said),
            Place::Elsewhere => self.world.sites.pages.say(Service::Primary, "site-1", said),
            Place::Anchor => self.world.sites.pages.say(Service::Primary, "site-2", said),
        }
    }
}

fn page(said: &Said) -> Page {
    let page = Page::new(said.status, &said.text);
    said.headers.iter().fold(page, |page, (name, value)| page.header(name, value))
}
