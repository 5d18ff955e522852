//! What is stored, looked at and changed behind everybody's back, as somebody at the dashboard would.

use std::time::Instant;

use serde_json::{Value, json};

use super::zone::{Object, Ruleset, Zone, object};
use super::{Cloudflare, Edits};
use crate::frame::lock::lock;

impl Cloudflare {
    /// A page rule as it is stored.
    pub fn page_rule(&self, zone: &str, rule: &str) -> Option<Value> {
        self.look(zone, |zone| zone.page_rule(rule).map(|rule| json!(rule)))
    }

    /// A redirect rule as it is stored, by its `ref`.
    pub fn redirect_rule(&self, zone: &str, reference: &str) -> Option<Value> {
        self.look(zone, |zone| find(zone, reference).map(|rule| json!(rule)))
    }

    /// A DNS record as it is stored, by its name.
    pub fn record(&self, zone: &str, name: &str) -> Option<Value> {
        self.look(zone, |zone| {
            zone.records.iter().find(|record| record["name"] == name).map(|record| json!(record))
        })
    }

    /// A route of Workers as it is stored.
    pub fn worker_route(&self, zone: &str, route: &str) -> Option<Value> {
        self.look(zone, |zone| {
            zone.worker_routes.iter().find(|known| known["id"] == route).map(|one| json!(one))
        })
    }
}

impl Edits {
    /// Changes a stored page rule behind everybody's back.
    pub fn edit_page_rule(&self, zone: &str, rule: &str, field: &str, value: Value) {
        lock(&self.state).look(zone, |zone| {
            let rule = zone.page_rules.iter_mut().find(|known| known["id"] == rule)?;
            rule.insert(field.to_owned(), value);
            zone.publish(Instant::now());
            Some(())
        });
    }

    /// Removes a page rule, as Cloudflare's migration to redirect rules would.
    pub fn remove_page_rule(&self, zone: &str, rule: &str) {
        lock(&self.state).look(zone, |zone| {
            zone.page_rules.retain(|known| known["id"] != rule);
            zone.publish(Instant::now());
            Some(())
        });
    }

    /// Changes a stored redirect rule behind everybody's back.
    pub fn edit_redirect_rule(&self, zone: &str, reference: &str, field: &str, value: Value) {
        lock(&self.state).look(zone, |zone| {
            find(zone, reference)?.insert(field.to_owned(), value);
            zone.publish(Instant::now());
            Some(())
        });
    }

    /// Changes a stored DNS record behind everybody's back.
    pub fn edit_record(&self, zone: &str, name: &str, field: &str, value: Value) {
        lock(&self.state).look(zone, |zone| {
            let record = zone.records.iter_mut().find(|record| record["name"] == name)?;
            record.insert(field.to_owned(), value);
            Some(())
        });
    }

    /// Deletes a DNS record behind everybody's back.
    pub fn remove_record(&self, zone: &str, name: &str) {
        lock(&self.state).look(zone, |zone| {
            zone.records.retain(|known| known["name"] != name);
            Some(())
        });
    }

    /// Changes a stored route of Workers behind everybody's back; null takes the field away.
    pub fn edit_worker_route(&self, zone: &str, route: &str, field: &str, value: Value) {
        lock(&self.state).look(zone, |zone| {
            let route = zone.worker_routes.iter_mut().find(|known| known["id"] == route)?;
            match value {
                Value::Null => route.remove(field),
                value => route.insert(field.to_owned(), value),
            };
            zone.publish(Instant::now());
            Some(())
        });
    }

    /// Sets a field of the zone's own object: `paused`, `status`, its `name`.
    pub fn edit_zone(&self, zone: &str, field: &str, value: Value) {
        lock(&self.state).look(zone, |zone| {
            if let ("name", Some(name)) = (field, value.as_str()) {
                name.clone_into(&mut zone.name);
            }
            zone.fields.insert(field.to_owned(), value)
        });
    }

    /// From now on the zone has these page rules and no others.
    pub fn set_page_rules(&self, zone: &str, rules: Vec<Value>) {
        lock(&self.state).look(zone, |zone| {
            zone.page_rules = rules.into_iter().map(object).collect();
            zone.publish(Instant::now());
            Some(())
        });
    }

    /// From now on the zone has these redirect rules and no others; without any, nobody ever made the phase's ruleset.
    pub fn set_redirect_rules(&self, zone: &str, rules: Option<Vec<Value>>) {
        lock(&self.state).look(zone, |zone| {
            zone.redirects = rules.map(|rules| {
                let rules = rules.into_iter().map(object).collect();
                Ruleset { rules, ..Ruleset::new(&zone.id) }
            });
            zone.publish(Instant::now());
            Some(())
        });
    }

    /// From now on the zone has these records and no others.
    pub fn set_records(&self, zone: &str, records: Vec<Value>) {
        lock(&self.state).look(zone, |zone| {
            zone.records = records.into_iter().map(object).collect();
            Some(())
        });
    }

    /// From now on names come back in Unicode, whatever was sent.
    pub fn tell_names_in_unicode(&self, zone: &str) {
        lock(&self.state).look(zone, |zone| {
            zone.unicode_names = true;
            Some(())
        });
    }

    /// The name that visitors of this site type, and the content of a record that leads them to its standby.
    pub fn name_site(&self, zone: &str, site: &str, name: &str, standby: &str) {
        lock(&self.state).look(zone, |zone| {
            zone.standbys.push(standby.to_owned());
            zone.names.insert(site.to_owned(), name.to_owned())
        });
    }
}

fn find<'a>(zone: &'a mut Zone, reference: &str) -> Option<&'a mut Object> {
    zone.redirects.as_mut()?.rules.iter_mut().find(|rule| rule["ref"] == reference)
}
