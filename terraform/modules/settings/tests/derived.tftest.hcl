# Names, redirects, filters, permissions and messages.

variables {
  project = "gleich-tech"
  region  = "us-central1"
  sites = {
    resume = {
      public_url  = "https://will.gleich.tech/"
      primary_url = "https://origin.gleich.tech/"
      zone_id     = "023e105f4ecef8ad9ca31a8372d0c353"
      redirect    = { kind = "page_rule" }
      standby     = { host = "will.iam.gleich.tech" }
      expect      = { contains = "Resume" }
    }
    shop = {
      public_url = "https://shop.gleich.tech:8443/de/start"
      zone_id    = "023e105f4ecef8ad9ca31a8372d0c353"
      standby    = { region = "us-east1", zone_id = "11111111111111111111111111111111" }
      expect     = { contains = "Shop" }
    }
    lab = {
      public_url = "https://lab.gleich.tech/"
      zone_id    = "22222222222222222222222222222222"
      redirect   = { kind = "redirect_rule", existing = "ours_already" }
      expect     = { contains = "Lab" }
    }
  }
  standby_uris = {
    shop = "https://shop-abcdefghij-ue.a.run.app"
    lab  = "https://lab-abcdefghij-uc.a.run.app"
  }
  uptime_check_names = {
    resume = "projects/gleich-tech/uptimeCheckConfigs/resume-abc123"
  }
}

run "names_follow_from_one_word" {
  command = plan

  assert {
    condition     = output.names.journal == "gs://gleich-tech-failover/journal" && output.names.bucket == "gleich-tech-failover"
    error_message = "The journal is a folder in a bucket that carries the project's id, since buckets share one name space."
  }

  assert {
    condition     = output.push_account_email == "failover-push@gleich-tech.iam.gserviceaccount.com"
    error_message = "The push account is another one than the function is told to expect."
  }

  assert {
    condition     = alltrue([for name in [output.names.function_account, output.names.page_account, output.names.push_account] : length(name) >= 6 && length(name) <= 30])
    error_message = "A service account's id has 6 to 30 characters."
  }

  assert {
    condition     = output.audience == "failover"
    error_message = "The audience is a fixed word, and never the function's own URL."
  }
}

run "the_longest_name_still_fits" {
  command = plan
  variables {
    name = "failover-of-my-home"
    sites = {
      a-site-with-the-longest-name-there-can-b = var.sites.resume
      a-site-with-the-longest-name-there-can-c = merge(var.sites.resume, { public_url = "https://other.gleich.tech/", standby = {} })
    }
  }

  assert {
    condition     = alltrue([for site in output.sites : can(regex("^[a-z]([a-z0-9-]{4,28}[a-z0-9])$", site.standby_account))])
    error_message = "A standby's account id is too long."
  }

  assert {
    condition     = length(distinct([for site in output.sites : site.standby_account])) == 2
    error_message = "Two sites have one account."
  }

  assert {
    condition     = length(output.names.function_account) <= 30 && alltrue([for role in output.roles : can(regex("^[a-zA-Z0-9_.]{3,64}$", role.id))])
    error_message = "An account's or a role's id is too long."
  }
}

run "a_public_url_is_taken_apart" {
  command = plan

  assert {
    condition     = output.sites.shop.host == "shop.gleich.tech" && output.sites.shop.port == 8443 && output.sites.shop.path == "/de/start"
    error_message = "Host, port and path of a URL with all three."
  }

  assert {
    condition     = output.sites.resume.host == "will.gleich.tech" && output.sites.resume.port == 443 && output.sites.resume.path == "/"
    error_message = "Host, port and path of a URL without a port."
  }

  assert {
    condition     = output.sites.shop.standby_zone == "11111111111111111111111111111111" && output.sites.resume.standby_zone == "023e105f4ecef8ad9ca31a8372d0c353"
    error_message = "A standby's record is in the site's zone, unless it names another."
  }
}

run "a_page_rule_keeps_the_path" {
  command = plan

  assert {
    condition     = keys(output.page_rules) == ["resume"]
    error_message = "A page rule for the site that asks for one, and for no other."
  }

  assert {
    condition     = output.page_rules.resume.target == "will.gleich.tech/*" && output.page_rules.resume.url == "https://will.iam.gleich.tech/$1"
    error_message = "What the star catches goes where $1 stands."
  }
}

run "a_redirect_rule_keeps_the_path" {
  command = plan

  assert {
    condition = output.redirect_rules["023e105f4ecef8ad9ca31a8372d0c353"] == [{
      site       = "shop"
      ref        = "failover_shop"
      expression = "(http.host eq \"shop.gleich.tech\")"
      target     = "concat(\"https://shop-abcdefghij-ue.a.run.app\", http.request.uri.path)"
    }]
    error_message = "The rule of the shop."
  }

  assert {
    condition     = !contains(keys(output.redirect_rules), "22222222222222222222222222222222") && strcontains(output.configuration, "ref = \"ours_already\"")
    error_message = "A rule that exists is used and not made."
  }
}

run "all_redirects_by_one_variable" {
  command = plan
  variables {
    redirect_kind = "page_rule"
  }

  assert {
    condition     = keys(output.page_rules) == ["resume", "shop"] && length(output.redirect_rules) == 0
    error_message = "Page rules for those who have them, but for the site that names a redirect rule."
  }
}

run "the_sites_of_a_zone_share_its_one_list" {
  command = plan
  variables {
    sites = {
      resume = merge(var.sites.resume, { redirect = {} })
      shop   = var.sites.shop
    }
  }

  assert {
    condition     = length(output.page_rules) == 0 && [for rule in output.redirect_rules["023e105f4ecef8ad9ca31a8372d0c353"] : rule.site] == ["resume", "shop"]
    error_message = "A new site gets a redirect rule, and a zone has one list of them."
  }
}

run "a_policy_listens_to_one_check" {
  command = plan

  assert {
    condition     = output.alert_filters.resume == "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.label.check_id=\"resume-abc123\" AND resource.type=\"uptime_url\""
    error_message = "The filter names the metric that the function acts on, and the check by its id without its path."
  }
}

run "permissions_are_exactly_those_used" {
  command = plan

  assert {
    condition = jsonencode({ for key, role in output.roles : key => sort(role.permissions) }) == jsonencode({
      standby_all_users   = ["run.services.get", "run.services.getIamPolicy", "run.services.setIamPolicy"]
      journal_writer      = ["storage.objects.create", "storage.objects.get", "storage.objects.list"]
      journal_reader      = ["storage.objects.get", "storage.objects.list"]
      monitoring_switch   = ["monitoring.alertPolicies.get", "monitoring.alertPolicies.list", "monitoring.alerts.list", "monitoring.timeSeries.list", "monitoring.uptimeCheckConfigs.get", "monitoring.uptimeCheckConfigs.update"]
      monitoring_reader   = ["monitoring.uptimeCheckConfigs.get"]
      operator            = ["monitoring.alertPolicies.get", "monitoring.alertPolicies.list", "monitoring.alerts.list", "monitoring.uptimeCheckConfigs.get", "pubsub.subscriptions.get", "run.services.get", "run.services.getIamPolicy"]
      service_reader      = ["run.services.get", "run.services.getIamPolicy"]
      subscription_reader = ["pubsub.subscriptions.get"]
    })
    error_message = "A role has more or fewer permissions than the function uses."
  }
}

run "the_iam_check_needs_two_more" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby = { gate = "iam_check" } }) }
  }

  assert {
    condition     = jsonencode(sort(output.roles.standby_iam_check.permissions)) == jsonencode(["run.services.get", "run.services.getIamPolicy", "run.services.setIamPolicy", "run.services.update"])
    error_message = "Switching the check off is an update of the service."
  }

  assert {
    condition     = output.roles.operation_reader.permissions == ["run.operations.get"]
    error_message = "An update is answered with an operation."
  }

  assert {
    condition     = !contains(keys(output.roles), "standby_all_users")
    error_message = "No role is made that nobody holds."
  }
}

run "nobody_may_delete_an_entry" {
  command = plan

  assert {
    condition     = !contains(flatten([for role in output.roles : role.permissions]), "storage.objects.delete")
    error_message = "With storage.objects.delete the journal could be rewritten."
  }
}

run "scheduled_messages_are_commands" {
  command = plan

  assert {
    condition = { for name, command in output.commands : name => jsondecode(command.message) } == {
      reconcile = { command = "reconcile" }
      check     = { command = "check" }
      rehearse  = { command = "rehearse" }
    }
    error_message = "A message that the function doesn't read as a command."
  }

  assert {
    condition     = output.commands.reconcile.schedule == "* * * * *" && can(regex("^[0-9]+ [0-9]+ \\* \\* \\*$", output.commands.check.schedule)) && can(regex("^[0-9]+ [0-9]+ \\* \\* [0-6]$", output.commands.rehearse.schedule))
    error_message = "Every minute, daily and weekly."
  }
}

run "a_webhook_has_a_variable_and_a_secret" {
  command = plan
  variables {
    webhooks = { on-call = { kind = "slack" } }
  }

  assert {
    condition     = output.webhooks["on-call"].variable == "FAILOVER_WEBHOOK_ON_CALL" && output.webhooks["on-call"].secret == "failover-webhook-on-call"
    error_message = "The variable's name is one that a shell accepts."
  }
}

run "a_site_behind_a_worker_has_nothing_to_open" {
  command = plan
  variables {
    sites = {
      resume = merge(var.sites.resume, { redirect = { kind = "worker", account = "11111111111111111111111111111111", always = true }, standby = {} })
    }
  }

  assert {
    condition     = length(output.page_rules) == 0 && length(output.redirect_rules) == 0 && output.workers.resume.pattern == "will.gleich.tech/*"
    error_message = "A Worker, and no redirect beside it."
  }

  assert {
    condition     = !strcontains(output.configuration, "cloud_run_invoker") && strcontains(output.configuration, "gate_script = \"failover-resume-gate\"") && strcontains(output.configuration, "always = true")
    error_message = "The function moves the route's script, and opens nothing."
  }

  assert {
    condition     = !contains(keys(output.roles), "standby_all_users")
    error_message = "Nobody may open what is never opened."
  }
}
