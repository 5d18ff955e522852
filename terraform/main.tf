# From nothing to guarded sites. Names, filters, permissions and the function's
# configuration are derived in modules/settings; the other modules make things.

module "settings" {
  source = "./modules/settings"

  project       = var.project
  region        = var.region
  name          = var.name
  redirect_kind = var.redirect_kind
  sites         = var.sites
  timing        = var.timing
  watch         = var.watch
  watchers      = var.watchers
  webhooks      = var.webhooks
  public_page   = var.page.public

  standby_uris       = { for name, standby in module.standby : name => standby.uri }
  page_rule_ids      = module.route.page_rules
  uptime_check_names = module.watch.uptime_checks
}

# Read at plan time, so the Cloud Resource Manager API must be on already. Made
# to wait for the services below, the number would be unknown whenever that
# list changes, and every grant to a service agent would be replaced.
data "google_project" "main" {
  project_id = var.project
}

resource "google_project_service" "main" {
  for_each = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "cloudscheduler.googleapis.com",
      "iam.googleapis.com",
      "iamcredentials.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
      "storage.googleapis.com",
    ],
    var.budget == null ? [] : ["billingbudgets.googleapis.com"],
  ))

  project = var.project
  service = each.value

  # Something else in the project may use it.
  disable_on_destroy = false
}

# An API that was just enabled refuses calls for a moment, and its agents may not
# be there yet. A longer list waits again.
resource "time_sleep" "services" {
  create_duration = "60s"
  triggers        = { services = join(",", sort([for service in google_project_service.main : service.service])) }
}

module "standby" {
  source   = "./modules/standby"
  for_each = var.sites

  project               = var.project
  region                = module.settings.sites[each.key].region
  site                  = each.key
  service               = module.settings.sites[each.key].service
  account_id            = module.settings.sites[each.key].standby_account
  image                 = each.value.standby.image
  port                  = each.value.standby.port
  cpu                   = each.value.standby.cpu
  memory                = each.value.standby.memory
  max_instances         = each.value.standby.max_instances
  environment           = each.value.standby.environment
  deployers             = each.value.standby.deployers
  host                  = each.value.standby.host
  zone_id               = module.settings.sites[each.key].standby_zone
  domain_mapping_target = module.settings.domain_mapping_target
  deletion_protection   = var.deletion_protection

  depends_on = [time_sleep.services]
}

module "route" {
  source = "./modules/route"

  name           = var.name
  page_rules     = module.settings.page_rules
  redirect_rules = module.settings.redirect_rules
  public_records = {
    for name, site in var.sites : name => {
      zone_id = site.zone_id
      host    = module.settings.sites[name].host
      type    = site.public_dns.type
      content = site.public_dns.content
    } if site.public_dns != null
  }
}

module "watch" {
  source = "./modules/watch"

  project        = var.project
  project_number = data.google_project.main.number
  name           = var.name
  sites = {
    for name, site in var.sites : name => {
      public_url      = site.public_url
      host            = module.settings.sites[name].host
      port            = module.settings.sites[name].port
      path            = module.settings.sites[name].path
      status          = site.expect.status
      contains        = site.expect.contains
      regions         = site.uptime.regions
      timeout_seconds = site.uptime.timeout_seconds
      silent_regions  = site.uptime.silent_regions
    }
  }
  alert_filters             = module.settings.alert_filters
  alerts_topic              = module.trigger.topics[module.settings.names.alerts]
  commands_topic            = module.trigger.topics[module.settings.names.commands]
  dead_letters_subscription = module.settings.names.dead_letters
  function_service          = module.settings.names.function
  emails                    = var.emails

  depends_on = [time_sleep.services]
}

module "function" {
  source = "./modules/function"

  project                  = var.project
  project_number           = data.google_project.main.number
  region                   = var.region
  names                    = module.settings.names
  image                    = local.image
  ingress                  = var.function_ingress
  audience                 = module.settings.audience
  configuration            = module.settings.configuration
  cloudflare_token         = var.cloudflare_token
  cloudflare_token_version = var.cloudflare_token_version
  webhooks                 = module.settings.webhooks
  webhook_urls             = var.webhook_urls
  webhook_urls_version     = var.webhook_urls_version
  page_urls                = module.page[*].uri
  service_reader_role      = module.switches.roles["service_reader"]
  deployers                = var.deployers
  old_pubsub_agent         = var.old_pubsub_agent
  deletion_protection      = var.deletion_protection

  depends_on = [time_sleep.services]
}

module "page" {
  source = "./modules/page"
  count  = var.page.enabled ? 1 : 0

  project                       = var.project
  region                        = var.region
  names                         = module.settings.names
  image                         = local.image
  gate                          = var.page.gate
  configuration                 = module.settings.page_configuration
  page_key                      = var.page_key
  page_key_version              = var.page_key_version
  monitors                      = var.page.monitors
  report_key                    = var.report_key
  report_key_version            = var.report_key_version
  cloudflare_read_token         = var.cloudflare_read_token
  cloudflare_read_token_version = var.cloudflare_read_token_version
  deployers                     = var.deployers
  deletion_protection           = var.deletion_protection

  depends_on = [time_sleep.services]
}

module "dashboard" {
  source = "./modules/dashboard"
  count  = var.dashboard ? 1 : 0

  project                   = var.project
  name                      = var.name
  function_service          = module.settings.names.function
  page_service              = module.settings.names.page
  dead_letters_subscription = module.settings.names.dead_letters
  reconciled_metric         = module.watch.reconciled_metric

  depends_on = [time_sleep.services]
}

module "switches" {
  source = "./modules/switches"

  project         = var.project
  roles           = module.settings.roles
  operators       = var.operators
  function_member = module.function.member
  page            = var.page.enabled
  page_member     = one(module.page[*].member)
  standbys = {
    for name, site in var.sites : name => {
      service      = module.standby[name].service
      region       = module.standby[name].region
      account_name = module.standby[name].account_name
      gate         = site.standby.gate
    } if !contains(keys(module.settings.workers), name)
  }

  depends_on = [time_sleep.services]
}

module "edge" {
  source = "./modules/edge"

  project         = var.project
  alerts_topic    = module.trigger.topics[module.settings.names.alerts]
  function_member = module.function.member
  sites = {
    for name, worker in module.settings.workers : name => merge(worker, {
      service = module.standby[name].service
      region  = module.standby[name].region
    })
  }

  depends_on = [time_sleep.services]
}

module "journal" {
  source = "./modules/journal"

  project             = var.project
  bucket              = module.settings.names.bucket
  location            = var.journal_location
  retention_days      = var.journal_retention_days
  deletion_protection = var.deletion_protection
  writer              = module.function.member
  writer_role         = module.switches.roles["journal_writer"]
  reader_role         = module.switches.roles["journal_reader"]
  readers = merge(
    { for member in var.operators : member => member },
    var.page.enabled ? { page = one(module.page[*].member) } : {},
  )

  depends_on = [time_sleep.services]
}

module "trigger" {
  source = "./modules/trigger"

  project                  = var.project
  project_number           = data.google_project.main.number
  region                   = coalesce(var.scheduler_region, var.region)
  time_zone                = var.time_zone
  names                    = module.settings.names
  function_uri             = module.function.uri
  function_member          = module.function.member
  push_account_email       = module.function.push_account_email
  audience                 = module.settings.audience
  subscription_reader_role = module.switches.roles["subscription_reader"]
  commands                 = module.settings.commands
  operators                = var.operators
  reporters                = var.reporters
  page_reports             = var.page.enabled && var.page.monitors
  page_member              = one(module.page[*].member)
  watchers                 = module.settings.watchers

  depends_on = [time_sleep.services]
}

resource "google_artifact_registry_repository" "main" {
  #checkov:skip=CKV_GCP_84:Images of public web sites and of a program whose source is public hold nothing that a customer's own key would protect.
  project       = var.project
  location      = var.region
  repository_id = module.settings.names.registry
  description   = "Images of the function and of the guarded sites."
  format        = "DOCKER"

  # Cloud Run keeps its own copy of an image that a revision uses, so clean-up
  # here takes nothing from a running service.
  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }

  cleanup_policies {
    id     = "delete-what-is-old"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "2592000s"
    }
  }

  depends_on = [time_sleep.services]
}

# Whoever deploys a service pushes its image first.
resource "google_artifact_registry_repository_iam_member" "deployer" {
  for_each = setunion(var.deployers, flatten([for site in var.sites : [for member in site.standby.deployers : member]]))

  project    = var.project
  location   = google_artifact_registry_repository.main.location
  repository = google_artifact_registry_repository.main.name
  role       = "roles/artifactregistry.writer"
  member     = each.value
}

resource "google_billing_budget" "main" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "${var.name}: ${var.project}"

  budget_filter {
    projects = ["projects/${data.google_project.main.number}"]
  }

  amount {
    specified_amount {
      units         = tostring(var.budget.amount)
      currency_code = var.budget.currency_code
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }

  # Spent at this rate, the month would end above the budget.
  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  dynamic "all_updates_rule" {
    for_each = length(var.emails) > 0 ? [module.watch.email_channels] : []
    content {
      monitoring_notification_channels = all_updates_rule.value
    }
  }

  depends_on = [time_sleep.services]
}

# The rules are left alone once they are made, so a site that joins a zone's
# list later isn't in it. This says so at every plan.
check "redirect_rules_are_complete" {
  assert {
    condition = alltrue(flatten([
      for zone, rules in module.settings.redirect_rules : [
        for rule in rules : contains(module.route.redirect_refs[zone], rule.ref)
      ]
    ]))
    error_message = "A zone's list lacks the redirect rule of a site that was added later. With all sites on their primary: terraform apply -replace='module.route.cloudflare_ruleset.redirect[\"ZONE\"]'"
  }
}
