//! Somebody else moves switches, at a dashboard or by an apply of an older plan.

use failover_core::{Position, Role};
use serde_json::json;

use crate::stage::Stage;

impl Stage {
    /// Somebody sets all switches of this role.
    pub(crate) fn move_by_hand(&self, role: Role, position: Position) {
        let (world, site) = (&self.sandbox.world, self.site());
        self.evidence.note(format!("somebody moves the {role:?} to {position}"));
        let at_standby = position == Position::Standby;
        match role {
            Role::Gate if at_standby => world.run.grant(&site.seed.service, "roles/run.invoker", "allUsers"),
            Role::Gate => self.close_by_hand(),
            Role::Monitor => {
                world.monitoring.edit(&site.seed.check, |check| {
                    drop(check.insert("disabled".to_owned(), json!(at_standby)));
                });
            }
            Role::Route | Role::Power => {
                let status = if at_standby { "active" } else { "disabled" };
                world.cloudflare.edits.edit_page_rule(
                    &site.seed.zone,
                    &site.seed.rule,
                    "status",
                    json!(status),
                );
            }
        }
    }

    fn close_by_hand(&self) {
        let (world, service) = (&self.sandbox.world, self.site().seed.service);
        let Some(mut policy) = world.run.policy(&service) else { return };
        let bindings = policy["bindings"].as_array_mut().into_iter().flatten();
        for binding in bindings.filter(|binding| binding["role"] == "roles/run.invoker") {
            if let Some(members) = binding["members"].as_array_mut() {
                members.retain(|member| *member != "allUsers");
            }
        }
        world.run.replace_policy(&service, &policy);
    }
}
