//! What has to hold of an object before a request touches it (Cloud Storage documentation, "Request preconditions").

use super::Object;
use super::refusal::Refused;
use crate::frame::call::Call;

/// The generations that must be there, or must not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    /// The very writing that is meant: another one isn't there.
    pub(super) meant: Option<u64>,
    /// 0 means that there is no object.
    pub(super) generation: Option<u64>,
    pub(super) not_generation: Option<u64>,
    pub(super) metageneration: Option<u64>,
    pub(super) not_metageneration: Option<u64>,
}

impl Conditions {
    /// As the JSON interface's query has them.
    pub(super) fn of(call: &Call) -> Result<Self, Refused> {
        Self::read(|name| call.query(name).map(ToOwned::to_owned))
    }

    /// As the XML interface's headers and query have them.
    pub(super) fn of_headers(call: &Call) -> Result<Self, Refused> {
        Self::read(|name| match name {
            "generation" => call.query("generation").map(ToOwned::to_owned),
            "ifGenerationMatch" => call.header("x-goog-if-generation-match").map(ToOwned::to_owned),
            "ifMetagenerationMatch" => call.header("x-goog-if-metageneration-match").map(ToOwned::to_owned),
            _ => None,
        })
    }

    fn read(told: impl Fn(&str) -> Option<String>) -> Result<Self, Refused> {
        let number = |name: &str| match told(name).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(Refused::invalid(&format!("Invalid value for {name}: {text}."))),
            },
        };
        Ok(Self {
            meant: number("generation")?,
            generation: number("ifGenerationMatch")?,
            not_generation: number("ifGenerationNotMatch")?,
            metageneration: number("ifMetagenerationMatch")?,
            not_metageneration: number("ifMetagenerationNotMatch")?,
        })
    }

    /// Whether they hold of what is there.
    pub(super) fn check(&self, object: Option<&Object>) -> Result<(), Refused> {
        let generation = object.map_or(0, |object| object.generation);
        let metageneration = object.map_or(0, |object| object.metageneration);
        let is = |wanted: Option<u64>, seen: u64| wanted.is_none_or(|wanted| wanted == seen);
        let is_not = |wanted: Option<u64>, seen: u64| wanted.is_none_or(|wanted| wanted != seen);
        let holds = is(self.generation, generation)
            && is_not(self.not_generation, generation)
            && is(self.metageneration, metageneration)
            && is_not(self.not_metageneration, metageneration);
        if holds { Ok(()) } else { Err(Refused::condition_not_met()) }
    }

    /// Whether somebody asks for what has changed only.
    pub(super) fn wants_news(&self) -> bool {
        self.not_generation.is_some() || self.not_metageneration.is_some()
    }

    /// The object that is meant, if it is there and they hold.
    pub(super) fn find<'state>(&self, object: Option<&'state Object>) -> Result<&'state Object, Refused> {
        let found = object.filter(|object| self.meant.is_none_or(|meant| meant == object.generation));
        // Of what isn't there only its absence can be wanted.
        let found = found.ok_or_else(Refused::no_such_key)?;
        self.check(Some(found)).map(|()| found)
    }
}
