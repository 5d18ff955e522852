# Everything that can be said without asking a provider: names, filters,
# permissions, and the file that the function reads. It makes no resource.

locals {
  # What the push token is made out to. The function's own URL would be a
  # cycle: it is known only once the service exists that must expect it.
  audience = "failover"

  # Google's front end for a mapped domain (https://cloud.google.com/run/docs/mapping-custom-domains).
  domain_mapping_target = "ghs.googlehosted.com."

  names = {
    function      = var.name
    page          = "${var.name}-page"
    registry      = var.name
    bucket        = "${var.project}-${var.name}"
    journal       = "gs://${var.project}-${var.name}/journal"
    configuration = "${var.name}-configuration"

    page_configuration = "${var.name}-page-configuration"

    alerts       = "${var.name}-alerts"
    commands     = "${var.name}-commands"
    schedule     = "${var.name}-schedule"
    events       = "${var.name}-events"
    dead_letters = "${var.name}-dead-letters"

    function_account = "${var.name}-function"
    page_account     = "${var.name}-page"
    push_account     = "${var.name}-push"

    cloudflare_token      = "${var.name}-cloudflare-token"
    cloudflare_read_token = "${var.name}-cloudflare-read-token"
    page_key              = "${var.name}-page-key"
    report_key            = "${var.name}-report-key"
  }

  # Written out rather than taken from the resources: the function's
  # configuration needs them before the subscriptions can exist, which push
  # to the function.
  alerts_subscription   = "projects/${var.project}/subscriptions/${local.names.alerts}"
  commands_subscription = "projects/${var.project}/subscriptions/${local.names.commands}"
  schedule_subscription = "projects/${var.project}/subscriptions/${local.names.schedule}"
  events_topic          = "projects/${var.project}/topics/${local.names.events}"
  push_account_email    = "${local.names.push_account}@${var.project}.iam.gserviceaccount.com"

  watchers = {
    for watcher in var.watchers : watcher => {
      # An account's id ends at 30 characters; the end of a digest keeps two
      # long names apart that begin alike.
      account      = length("${var.name}-watch-${watcher}") <= 30 ? "${var.name}-watch-${watcher}" : "${trimsuffix(substr("${var.name}-watch-${watcher}", 0, 25), "-")}-${substr(sha256(watcher), 0, 4)}"
      subscription = "${var.name}-events-${watcher}"
    }
  }

  webhooks = {
    for name, webhook in var.webhooks : name => {
      kind     = webhook.kind
      variable = "FAILOVER_WEBHOOK_${upper(replace(name, "-", "_"))}"
      secret   = "${var.name}-webhook-${name}"
    }
  }
}

locals {
  sites = {
    for name, site in var.sites : name => {
      authority     = split("/", site.public_url)[2]
      host          = split(":", split("/", site.public_url)[2])[0]
      port          = try(tonumber(split(":", split("/", site.public_url)[2])[1]), 443)
      path          = "/${join("/", slice(split("/", site.public_url), 3, length(split("/", site.public_url))))}"
      service       = coalesce(site.standby.service, name)
      region        = coalesce(site.standby.region, var.region)
      standby_zone  = coalesce(site.standby.zone_id, site.zone_id)
      redirect_kind = coalesce(site.redirect.kind, var.redirect_kind)
      redirect_ref  = coalesce(site.redirect.existing, "${var.name}_${replace(name, "-", "_")}")

      # An account's id ends at 30 characters. The end of a digest keeps two
      # long names apart that begin alike.
      gate_account    = length("${var.name}-${name}") <= 23 ? "${var.name}-${name}-gate" : "${trimsuffix(substr("${var.name}-${name}", 0, 20), "-")}-${substr(sha256(name), 0, 4)}-gate"
      standby_account = length("${var.name}-${name}") <= 23 ? "${var.name}-${name}-site" : "${trimsuffix(substr("${var.name}-${name}", 0, 20), "-")}-${substr(sha256(name), 0, 4)}-site"
    }
  }

  # Of a standby without a host name of its own, Cloud Run chooses it; a plan
  # before the first apply can't know it yet.
  standby_origins = {
    for name, site in var.sites : name => (
      site.standby.host != null ? "https://${coalesce(site.standby.host, "-")}" : trimsuffix(lookup(var.standby_uris, name, ""), "/")
    )
  }

  page_rules = {
    for name, site in local.sites : name => {
      zone_id  = var.sites[name].zone_id
      priority = var.sites[name].redirect.priority
      # $1 is what the star caught: a visitor keeps the path, and the query with it.
      target = "${site.host}/*"
      url    = "${local.standby_origins[name]}/$1"
    } if site.redirect_kind == "page_rule" && var.sites[name].redirect.existing == null
  }

  workers = {
    for name, site in local.sites : name => {
      account        = var.sites[name].redirect.account
      account_id     = site.gate_account
      zone_id        = var.sites[name].zone_id
      pattern        = "${site.host}/*"
      always         = var.sites[name].redirect.always
      gate_script    = "${var.name}-${name}-gate"
      standby_script = "${var.name}-${name}-standby"
      standby_url    = local.standby_origins[name]
    } if site.redirect_kind == "worker"
  }

  # A zone has one list of redirect rules, so the sites of a zone share it.
  redirect_rules = {
    for zone in distinct([for name, site in local.sites : var.sites[name].zone_id if site.redirect_kind == "redirect_rule" && var.sites[name].redirect.existing == null]) :
    zone => [
      for name, site in local.sites : {
        site       = name
        ref        = site.redirect_ref
        expression = "(http.host eq \"${site.host}\")"
        target     = "concat(\"${local.standby_origins[name]}\", http.request.uri.path)"
      } if site.redirect_kind == "redirect_rule" && var.sites[name].redirect.existing == null && var.sites[name].zone_id == zone
    ]
  }

  alert_filters = {
    for name, check in var.uptime_check_names : name => join(" AND ", [
      "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\"",
      "metric.label.check_id=\"${basename(check)}\"",
      "resource.type=\"uptime_url\"",
    ])
  }

  # Reconcile is the second motor beside deliveries; check and rehearse find in
  # daylight what would fail at night. Each minute differs from the full hour,
  # when everybody else's jobs run.
  commands = {
    reconcile = { schedule = "* * * * *", message = jsonencode({ command = "reconcile" }) }
    check     = { schedule = "17 6 * * *", message = jsonencode({ command = "check" }) }
    rehearse  = { schedule = "37 6 * * 1", message = jsonencode({ command = "rehearse" }) }
  }
}
