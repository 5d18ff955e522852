# The Worker in front of a site: its account at Google, its scripts and its route
# at Cloudflare. The key never comes here: it is given to each script once, by
# hand (docs/edge.md), and every later upload keeps it.

# May call the standby and report on the alerts topic, and nothing else.
resource "google_service_account" "gate" {
  for_each = var.sites

  project      = var.project
  account_id   = each.value.account_id
  display_name = "${each.key}: the Worker in front"
}

resource "google_cloud_run_v2_service_iam_member" "gate" {
  for_each = var.sites

  project  = var.project
  location = each.value.region
  name     = each.value.service
  role     = "roles/run.invoker"
  member   = google_service_account.gate[each.key].member
}

# The function proves the standby, which stays closed to everybody else.
resource "google_cloud_run_v2_service_iam_member" "function" {
  for_each = var.sites

  project  = var.project
  location = each.value.region
  name     = each.value.service
  role     = "roles/run.invoker"
  member   = var.function_member
}

resource "google_pubsub_topic_iam_member" "gate" {
  for_each = var.sites

  project = var.project
  topic   = var.alerts_topic
  role    = "roles/pubsub.publisher"
  member  = google_service_account.gate[each.key].member
}

locals {
  scripts = merge([
    for name, site in var.sites : merge(
      { (site.standby_script) = { site = name, mode = "standby" } },
      site.always ? { (site.gate_script) = { site = name, mode = "gate" } } : {},
    )
  ]...)

  bindings = {
    for script, what in local.scripts : script => {
      MODE            = what.mode
      SITE            = what.site
      STANDBY_URL     = var.sites[what.site].standby_url
      TOKEN_AUDIENCE  = var.sites[what.site].standby_url
      SERVICE_ACCOUNT = google_service_account.gate[what.site].email
      REPORT_URL      = "https://pubsub.googleapis.com/v1/${var.alerts_topic}:publish"
    }
  }
}

resource "cloudflare_workers_script" "main" {
  for_each = local.scripts

  account_id         = var.sites[each.value.site].account
  script_name        = each.key
  main_module        = "gate.js"
  content_file       = "${path.module}/gate.js"
  content_sha256     = filesha256("${path.module}/gate.js")
  compatibility_date = "2026-11-01"
  # SIGNING_KEY, which was added by hand.
  keep_bindings = ["secret_key", "secret_text"]

  bindings = [
    for name in sort(keys(local.bindings[each.key])) : { name = name, type = "plain_text", text = local.bindings[each.key][name] }
  ]
}

resource "cloudflare_workers_route" "main" {
  for_each = var.sites

  zone_id = each.value.zone_id
  pattern = each.value.pattern
  script  = each.value.always ? each.value.gate_script : null

  lifecycle {
    # Switch `cloudflare_worker_route` moves it.
    ignore_changes = [script]
  }

  depends_on = [cloudflare_workers_script.main]
}
