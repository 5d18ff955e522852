# Permissions by what they are for, each set exactly what is called. Where a
# predefined role is just as narrow (publishing one topic, reading one secret)
# the modules use that.

locals {
  # A standby behind a Worker is never opened.
  gates = distinct([for name, site in var.sites : site.standby.gate if local.sites[name].redirect_kind != "worker"])

  standby_roles = {
    all_users = {
      title       = "Failover: open and close a standby"
      description = "Granted on each standby service: read it, and add or remove allUsers as its invoker."
      permissions = ["run.services.get", "run.services.getIamPolicy", "run.services.setIamPolicy"]
    }
    # Switching the invoker check off is an update of the service.
    iam_check = {
      title       = "Failover: open and close a standby by its invoker check"
      description = "Granted on each standby service: read it, and switch its invoker check off or on."
      permissions = ["run.services.get", "run.services.getIamPolicy", "run.services.setIamPolicy", "run.services.update"]
    }
  }

  other_roles = {
    journal_writer = {
      title       = "Failover: write the journal"
      description = "Granted on the journal's bucket: create and read entries. Overwriting one needs storage.objects.delete, which is not here."
      permissions = ["storage.objects.create", "storage.objects.get", "storage.objects.list"]
    }
    journal_reader = {
      title       = "Failover: read the journal"
      description = "Granted on the journal's bucket: read entries."
      permissions = ["storage.objects.get", "storage.objects.list"]
    }
    # Monitoring knows no grant narrower than the project.
    monitoring_switch = {
      title       = "Failover: pause and resume uptime checks"
      description = "Granted on the project: read and update uptime checks, list open incidents and alert policies, count a standby's requests."
      permissions = ["monitoring.alertPolicies.get", "monitoring.alertPolicies.list", "monitoring.alerts.list", "monitoring.timeSeries.list", "monitoring.uptimeCheckConfigs.get", "monitoring.uptimeCheckConfigs.update"]
    }
    monitoring_reader = {
      title       = "Failover: look at uptime checks"
      description = "Granted on the project: read uptime checks."
      permissions = ["monitoring.uptimeCheckConfigs.get"]
    }
    service_reader = {
      title       = "Failover: look at a service"
      description = "Granted on a service: read it and who may invoke it."
      permissions = ["run.services.get", "run.services.getIamPolicy"]
    }
    # What status, plan and check ask for before anything is moved. Granted on the
    # project, so that an operator reads with one grant what else would take ten.
    operator = {
      title       = "Failover: look at everything"
      description = "Granted on the project to operators: read services, their policies, subscriptions and uptime checks."
      permissions = ["monitoring.alertPolicies.get", "monitoring.alertPolicies.list", "monitoring.alerts.list", "monitoring.uptimeCheckConfigs.get", "pubsub.subscriptions.get", "run.services.get", "run.services.getIamPolicy"]
    }
    subscription_reader = {
      title       = "Failover: look at a subscription"
      description = "Granted on the push subscriptions: read their settings, for the check command."
      permissions = ["pubsub.subscriptions.get"]
    }
  }

  # An update is answered with an operation, which belongs to the project and not to the service.
  operation_roles = contains(local.gates, "iam_check") ? {
    operation_reader = {
      title       = "Failover: wait for a service's update"
      description = "Granted on the project: read Cloud Run operations."
      permissions = ["run.operations.get"]
    }
  } : {}

  roles = {
    for key, role in merge(
      { for gate, role in local.standby_roles : "standby_${gate}" => role if contains(local.gates, gate) },
      local.other_roles,
      local.operation_roles,
      ) : key => merge(role, {
        # A role's id knows no hyphen.
        id = "${replace(var.name, "-", "_")}_${key}"
    })
  }
}
