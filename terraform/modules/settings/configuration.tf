# The function's configuration, as it reads it. What a site leaves out is left
# out here too: the function's defaults are written down in one place, its own.

locals {
  configured_sites = {
    for name, site in var.sites : name => {
      settings = [
        for setting in concat(
          [
            ["name", name],
            ["public_url", site.public_url],
            ["standby_url", "${local.standby_origins[name]}/"],
            ["primary_url", site.primary_url],
            ["primary_connect", site.primary_connect],
            ["order", site.order],
            ["approve", site.approve],
            ["failback", site.failback],
            ["well_for", site.well_for],
            ["cooldown", site.cooldown],
            ["confirm_within", site.confirm_within],
            ["verify_within", site.verify_within],
            ["failback_patience", site.failback_patience],
            ["drain", site.drain],
          ],
        ) : { key = setting[0], value = jsonencode(setting[1]) } if setting[1] != null
      ]
      policies      = length(site.policies) > 0 ? jsonencode(sort(site.policies)) : null
      repair        = site.repair
      moves_per_day = site.moves_per_day
      expect        = "{ status = ${site.expect.status}, contains = ${jsonencode(site.expect.contains)} }"
      # Unless somebody says otherwise the standby has to show the site as well:
      # else any page that answers 200, a placeholder's too, would pass for it.
      standby_expect = "{ status = ${coalesce(site.standby_expect, site.expect).status}, contains = ${jsonencode(coalesce(site.standby_expect, site.expect).contains)} }"
      switches = concat(
        local.sites[name].redirect_kind == "worker" ? [] : [
          concat(
            [
              { key = "kind", value = jsonencode("cloud_run_invoker") },
              { key = "service", value = jsonencode("projects/${var.project}/locations/${local.sites[name].region}/services/${local.sites[name].service}") },
            ],
            site.standby.gate == "all_users" ? [] : [{ key = "gate", value = jsonencode(site.standby.gate) }],
          ),
        ],
        local.sites[name].redirect_kind == "worker" ? [
          concat(
            [
              { key = "kind", value = jsonencode("cloudflare_worker_route") },
              { key = "zone", value = jsonencode(site.zone_id) },
              { key = "pattern", value = jsonencode("${local.sites[name].host}/*") },
              { key = "standby_script", value = jsonencode(local.workers[name].standby_script) },
            ],
            site.redirect.always ? [
              { key = "always", value = "true" },
              { key = "gate_script", value = jsonencode(local.workers[name].gate_script) },
            ] : [],
          ),
          ] : [
          local.sites[name].redirect_kind == "page_rule" ? [
            { key = "kind", value = jsonencode("cloudflare_page_rule") },
            { key = "zone", value = jsonencode(site.zone_id) },
            { key = "rule", value = jsonencode(site.redirect.existing != null ? site.redirect.existing : lookup(var.page_rule_ids, name, "")) },
            ] : [
            { key = "kind", value = jsonencode("cloudflare_redirect_rule") },
            { key = "zone", value = jsonencode(site.zone_id) },
            { key = "ref", value = jsonencode(local.sites[name].redirect_ref) },
          ],
        ],
        [
          [
            { key = "kind", value = jsonencode("uptime_check") },
            { key = "check", value = jsonencode(lookup(var.uptime_check_names, name, "")) },
          ],
        ],
      )
    }
  }

  # The page and the watchers call nobody, and a webhook whose URL isn't in the
  # environment would keep them from starting.
  readers = merge(
    { function = { webhooks = local.webhooks, watch = local.watch }, page = { webhooks = {}, watch = local.watch } },
    {
      for name, watcher in local.watchers : "watcher ${name}" => {
        webhooks = {}
        watch    = merge(local.watch, { events = jsonencode("projects/${var.project}/subscriptions/${watcher.subscription}") })
      }
    },
  )

  watch = merge(
    var.watch == null ? tomap({}) : tomap({ for key, value in var.watch : key => jsonencode(value) if value != null }),
    length(var.watchers) == 0 ? {} : { watchers = jsonencode(sort(var.watchers)) },
  )

  toml = {
    for name, reader in local.readers : name => templatefile("${path.module}/failover.toml.tftpl", {
      journal         = jsonencode(local.names.journal)
      public_page     = name == "page" && var.public_page
      timing          = { for key, duration in var.timing : key => jsonencode(duration) if duration != null }
      audience        = jsonencode(local.audience)
      service_account = jsonencode(local.push_account_email)
      alerts          = jsonencode([local.alerts_subscription])
      commands        = jsonencode([local.commands_subscription, local.schedule_subscription])
      alerts_topic    = jsonencode("projects/${var.project}/topics/${local.names.alerts}")
      commands_topic  = jsonencode("projects/${var.project}/topics/${local.names.commands}")
      events          = jsonencode(local.events_topic)
      watch           = length(reader.watch) == 0 && var.watch == null ? null : reader.watch
      webhooks        = [for webhook in reader.webhooks : { kind = jsonencode(webhook.kind), url_env = jsonencode(webhook.variable) }]
      sites           = values(local.configured_sites)
    })
  }
}
