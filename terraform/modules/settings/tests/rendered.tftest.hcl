# The file that the function reads, as a whole: rendered.toml beside this one
# is what comes of these variables, and the program's own tests parse it.

variables {
  project = "gleich-tech"
  region  = "us-central1"

  sites = {
    # Nothing but what is required.
    blog = {
      public_url = "https://blog.gleich.tech/"
      zone_id    = "023e105f4ecef8ad9ca31a8372d0c353"
      expect     = { contains = "<title>\"Blog\" & more</title>" }
    }

    # Everything that can be said.
    resume = {
      public_url  = "https://will.gleich.tech/"
      primary_url = "https://origin.gleich.tech/"
      zone_id     = "023e105f4ecef8ad9ca31a8372d0c353"
      redirect    = { kind = "page_rule" }
      standby = {
        host = "will.iam.gleich.tech"
        gate = "iam_check"
      }
      expect            = { status = 200, contains = "Résumé" }
      standby_expect    = { status = 203 }
      policies          = ["projects/gleich-tech/alertPolicies/12942885046098191375"]
      order             = "standby_first"
      approve           = "automatic"
      failback          = "automatic"
      well_for          = "30m"
      repair            = true
      cooldown          = "10m"
      moves_per_day     = 4
      confirm_within    = "2s"
      verify_within     = "5m"
      failback_patience = "60s"
      drain             = "1h5m"
    }

    # Past Cloudflare, and by a page rule that somebody else made.
    shop = {
      public_url      = "https://shop.gleich.tech/start"
      primary_url     = "https://shop.gleich.tech/start"
      primary_connect = "203.0.113.7:443"
      zone_id         = "023e105f4ecef8ad9ca31a8372d0c353"
      redirect        = { kind = "page_rule", existing = "9a7806061c88ada191ed06f989cc3dac" }
      standby         = { service = "shop-standby", region = "us-east1" }
      expect          = { contains = "Shop" }
      repair          = false
      moves_per_day   = 1
    }
  }

  timing = {
    journal_patience = "5s"
    claim_for        = "5s"
    call_timeout     = "10s"
    probe_timeout    = "5s"
  }
  watch = {
    every     = "5s"
    threshold = 3
    recovery  = 5
    agree     = 2
    anchors   = ["https://one.one.one.one/"]
  }
  watchers = ["vm", "pi"]
  webhooks = {
    on-call = { kind = "slack" }
    phone   = { kind = "ntfy" }
    seen    = { kind = "ping" }
  }

  standby_uris = {
    blog   = "https://blog-abcdefghij-uc.a.run.app"
    resume = "https://resume-abcdefghij-uc.a.run.app"
    shop   = "https://shop-standby-abcdefghij-ue.a.run.app"
  }
  page_rule_ids = {
    resume = "fa36dcf4d3646683a16ab9da0801b118"
  }
  uptime_check_names = {
    blog   = "projects/gleich-tech/uptimeCheckConfigs/failover-blog-a1a10f"
    resume = "projects/gleich-tech/uptimeCheckConfigs/failover-resume-b3adbd"
    shop   = "projects/gleich-tech/uptimeCheckConfigs/failover-shop-c4bece"
  }
}

run "the_configuration_is_the_golden_file" {
  command = plan

  assert {
    condition     = output.configuration == file("${path.module}/tests/rendered.toml")
    error_message = "The rendered configuration isn't tests/rendered.toml any more:\n${output.configuration}"
  }
}

run "what_a_site_leaves_out_is_left_to_the_function" {
  command = plan
  variables {
    sites = {
      blog = {
        public_url = "https://blog.gleich.tech/"
        zone_id    = "023e105f4ecef8ad9ca31a8372d0c353"
        expect     = { contains = "Blog" }
      }
    }
    timing   = {}
    watch    = null
    watchers = []
    webhooks = {}
  }

  assert {
    condition = alltrue([
      for key in ["primary_url", "primary_connect", "policies", "order", "approve", "failback", "well_for", "repair", "cooldown", "moves_per_day", "confirm_within", "verify_within", "failback_patience", "drain", "journal_patience", "gate", "[watch]", "[[webhooks]]"] :
      !strcontains(output.configuration, key)
    ])
    error_message = "A setting that nobody gave is rendered."
  }
}

run "a_watcher_reads_the_same_but_for_its_own_subscription_and_webhooks" {
  command = plan

  assert {
    condition = alltrue([
      for line in split("\n", output.watchers["pi"].configuration) :
      strcontains(output.configuration, line) || line == "events = \"projects/gleich-tech/subscriptions/failover-events-pi\""
    ])
    error_message = "A watcher's configuration says something else than the function's:\n${output.watchers["pi"].configuration}"
  }

  assert {
    condition     = strcontains(output.watchers["pi"].configuration, "subscriptions/failover-events-pi") && !strcontains(output.watchers["pi"].configuration, "[[webhooks]]")
    error_message = "A watcher listens on its own subscription, and calls no webhook."
  }
}

run "watchers_without_settings_are_named_all_the_same" {
  command = plan
  variables {
    watch    = null
    watchers = ["a-raspberry-pi-in-the-attic"]
  }

  assert {
    condition     = strcontains(output.configuration, "[watch]\nwatchers = [\"a-raspberry-pi-in-the-attic\"]\n")
    error_message = "The function misses no watcher that it wasn't told of."
  }

  assert {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", output.watchers["a-raspberry-pi-in-the-attic"].account))
    error_message = "${output.watchers["a-raspberry-pi-in-the-attic"].account} is no account's id."
  }
}

run "a_token_never_reaches_the_configuration" {
  command = plan

  assert {
    condition     = !can(regex("(?i)(token|password|https://hooks)", output.configuration))
    error_message = "The configuration is no place for a secret."
  }
}

run "the_page_needs_no_webhook" {
  command = plan

  assert {
    condition     = output.page_configuration == replace(output.configuration, "/(?s)\\[\\[webhooks\\]\\].*?\n\n/", "") && !strcontains(output.page_configuration, "url_env")
    error_message = "The page's configuration is the function's without the webhooks:\n${output.page_configuration}"
  }
}

run "a_standby_has_to_show_the_site_unless_told_otherwise" {
  command = plan

  assert {
    condition     = strcontains(output.configuration, "\nstandby_expect = { status = 200, contains = \"Shop\" }") && strcontains(output.configuration, "\nstandby_expect = { status = 203, contains = \"\" }")
    error_message = "A placeholder's page would pass for the site:\n${output.configuration}"
  }
}
