# One run per rule: each breaks exactly one thing in a site that is otherwise right.

variables {
  project = "gleich-tech"
  region  = "us-central1"
  sites = {
    resume = {
      public_url  = "https://will.gleich.tech/"
      primary_url = "https://origin.gleich.tech/"
      zone_id     = "023e105f4ecef8ad9ca31a8372d0c353"
      standby     = { host = "will.iam.gleich.tech" }
      expect      = { contains = "Resume" }
    }
  }
}

run "the_unbroken_site_is_accepted" {
  command = plan
}

run "an_empty_map_of_sites_is_refused" {
  command = plan
  variables {
    sites = {}
  }
  expect_failures = [var.sites]
}

run "a_site_name_of_41_characters_is_refused" {
  command = plan
  variables {
    sites = { a-site-with-the-longest-name-there-is-at-all = var.sites.resume }
  }
  expect_failures = [var.sites]
}

run "a_public_url_without_https_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { public_url = "http://will.gleich.tech/" }) }
  }
  expect_failures = [var.sites]
}

run "a_public_url_without_a_path_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { public_url = "https://will.gleich.tech" }) }
  }
  expect_failures = [var.sites]
}

run "two_sites_behind_one_host_name_are_refused" {
  command = plan
  variables {
    sites = { resume = var.sites.resume, second = merge(var.sites.resume, { public_url = "https://will.gleich.tech/second/", standby = { host = "second.iam.gleich.tech" } }) }
  }
  expect_failures = [var.sites]
}

run "a_primary_url_without_a_scheme_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { primary_url = "origin.gleich.tech" }) }
  }
  expect_failures = [var.sites]
}

run "a_primary_url_behind_the_redirect_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { primary_url = "https://will.gleich.tech/health" }) }
  }
  expect_failures = [var.sites]
}

run "a_primary_address_without_a_port_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { primary_url = "https://will.gleich.tech/", primary_connect = "203.0.113.7" }) }
  }
  expect_failures = [var.sites]
}

run "a_primary_address_with_another_url_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { primary_connect = "203.0.113.7:443" }) }
  }
  expect_failures = [var.sites]
}

run "a_zone_name_in_place_of_its_id_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { zone_id = "gleich.tech" }) }
  }
  expect_failures = [var.sites]
}

run "a_standby_zone_name_in_place_of_its_id_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby = { zone_id = "iam.gleich.tech" } }) }
  }
  expect_failures = [var.sites]
}

run "a_public_record_of_another_type_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { public_dns = { type = "TXT", content = "hello" } }) }
  }
  expect_failures = [var.sites]
}

run "an_unknown_kind_of_redirect_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { redirect = { kind = "bulk_redirect" } }) }
  }
  expect_failures = [var.sites]
}

run "a_worker_without_an_account_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { redirect = { kind = "worker" } }) }
  }
  expect_failures = [var.sites]
}

run "always_without_a_worker_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { redirect = { kind = "page_rule", always = true } }) }
  }
  expect_failures = [var.sites]
}

run "a_worker_in_front_of_a_mapped_host_name_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { redirect = { kind = "worker", account = "11111111111111111111111111111111" }, standby = { host = "will.iam.gleich.tech" } }) }
  }
  expect_failures = [var.sites]
}

run "a_rule_name_with_spaces_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { redirect = { existing = "my rule" } }) }
  }
  expect_failures = [var.sites]
}

run "a_priority_below_one_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { redirect = { priority = 0 } }) }
  }
  expect_failures = [var.sites]
}

run "a_bare_domain_for_the_standby_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby = { host = "gleich.tech" } }) }
  }
  expect_failures = [var.sites]
}

run "a_standby_behind_its_own_redirect_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby = { host = "will.gleich.tech" } }) }
  }
  expect_failures = [var.sites]
}

run "two_sites_with_one_standby_host_are_refused" {
  command = plan
  variables {
    sites = { resume = var.sites.resume, second = merge(var.sites.resume, { public_url = "https://second.gleich.tech/" }) }
  }
  expect_failures = [var.sites]
}

run "a_service_name_with_capitals_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby = { service = "Resume" } }) }
  }
  expect_failures = [var.sites]
}

run "two_sites_with_one_standby_service_are_refused" {
  command = plan
  variables {
    sites = { resume = var.sites.resume, second = merge(var.sites.resume, { public_url = "https://second.gleich.tech/", standby = { service = "resume" } }) }
  }
  expect_failures = [var.sites]
}

run "a_standby_named_like_the_function_is_refused" {
  command = plan
  variables {
    sites = { failover = var.sites.resume }
  }
  expect_failures = [var.sites]
}

run "a_standby_in_a_zone_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby = { region = "us-central1-a" } }) }
  }
  expect_failures = [var.sites]
}

run "a_port_out_of_range_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby = { port = 65536 } }) }
  }
  expect_failures = [var.sites]
}

run "no_instances_at_all_are_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby = { max_instances = 0 } }) }
  }
  expect_failures = [var.sites]
}

run "an_unknown_gate_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby = { gate = "open" } }) }
  }
  expect_failures = [var.sites]
}

run "a_deployer_without_a_kind_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby = { deployers = ["alice@gleich.tech"] } }) }
  }
  expect_failures = [var.sites]
}

run "an_unknown_uptime_region_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { uptime = { regions = ["USA", "MARS"] } }) }
  }
  expect_failures = [var.sites]
}

run "fewer_than_three_places_are_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { uptime = { regions = ["EUROPE", "ASIA_PACIFIC"] } }) }
  }
  expect_failures = [var.sites]
}

run "more_silent_places_than_places_are_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { uptime = { regions = ["USA"], silent_regions = 4 } }) }
  }
  expect_failures = [var.sites]
}

run "an_uptime_timeout_over_a_minute_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { uptime = { timeout_seconds = 61 } }) }
  }
  expect_failures = [var.sites]
}

run "an_empty_body_match_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { expect = { contains = "" } }) }
  }
  expect_failures = [var.sites]
}

run "an_impossible_status_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { expect = { status = 20, contains = "x" } }) }
  }
  expect_failures = [var.sites]
}

run "an_impossible_standby_status_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { standby_expect = { status = 600 } }) }
  }
  expect_failures = [var.sites]
}

run "a_policy_by_its_display_name_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { policies = ["resume is down"] }) }
  }
  expect_failures = [var.sites]
}

run "an_unknown_order_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { order = "at_once" }) }
  }
  expect_failures = [var.sites]
}

run "an_unknown_approval_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { approve = "manual" }) }
  }
  expect_failures = [var.sites]
}

run "an_unknown_failback_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { failback = "operator" }) }
  }
  expect_failures = [var.sites]
}

run "an_automatic_failback_without_primary_url_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { failback = "automatic", primary_url = null }) }
  }
  expect_failures = [var.sites]
}

run "well_for_without_automatic_failback_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { well_for = "30m" }) }
  }
  expect_failures = [var.sites]
}

run "a_duration_without_a_unit_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { cooldown = "600" }) }
  }
  expect_failures = [var.sites]
}

run "an_empty_duration_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { drain = "" }) }
  }
  expect_failures = [var.sites]
}

run "half_a_move_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { moves_per_day = 1.5 }) }
  }
  expect_failures = [var.sites]
}

run "a_project_number_is_refused" {
  command = plan
  variables {
    project = "365415247865"
  }
  expect_failures = [var.project]
}

run "a_zone_in_place_of_a_region_is_refused" {
  command = plan
  variables {
    region = "us-central1-a"
  }
  expect_failures = [var.region]
}

run "a_name_longer_than_an_account_allows_is_refused" {
  command = plan
  variables {
    name = "failover-of-everything"
  }
  expect_failures = [var.name]
}

run "an_unknown_default_redirect_is_refused" {
  command = plan
  variables {
    redirect_kind = "bulk_redirect"
  }
  expect_failures = [var.redirect_kind]
}

run "a_timing_without_a_unit_is_refused" {
  command = plan
  variables {
    timing = { call_timeout = "10" }
  }
  expect_failures = [var.timing]
}

run "a_prober_without_a_unit_is_refused" {
  command = plan
  variables {
    watch = { every = "5" }
  }
  expect_failures = [var.watch]
}

run "a_prober_that_needs_no_failure_is_refused" {
  command = plan
  variables {
    watch = { threshold = 0 }
  }
  expect_failures = [var.watch]
}

run "a_watcher_whose_name_fits_into_no_account_is_refused" {
  command = plan
  variables {
    watchers = ["My Pi"]
  }
  expect_failures = [var.watchers]
}

run "a_webhook_name_with_spaces_is_refused" {
  command = plan
  variables {
    webhooks = { "on call" = { kind = "slack" } }
  }
  expect_failures = [var.webhooks]
}

run "an_unknown_webhook_is_refused" {
  command = plan
  variables {
    webhooks = { oncall = { kind = "pager" } }
  }
  expect_failures = [var.webhooks]
}

run "no_time_to_verify_is_refused" {
  command = plan
  variables {
    sites = { resume = merge(var.sites.resume, { verify_within = "0s" }) }
  }
  expect_failures = [var.sites]
}

run "no_time_for_a_call_is_refused" {
  command = plan
  variables {
    timing = { call_timeout = "0ms" }
  }
  expect_failures = [var.timing]
}
