# Secrets. The configuration is none, but Secret Manager is what Cloud Run can
# mount as a file without another moving part.

locals {
  secrets = {
    configuration    = var.names.configuration
    cloudflare_token = var.names.cloudflare_token
  }
}

resource "google_secret_manager_secret" "main" {
  for_each = local.secrets

  project   = var.project
  secret_id = each.value

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_version" "configuration" {
  secret      = google_secret_manager_secret.main["configuration"].id
  secret_data = var.configuration

  # The running revision needs its own version until the next one is up.
  lifecycle {
    create_before_destroy = true
  }
}

# Write-only: the token is sent and kept in neither plan nor state. A higher
# number writes it again. With 0 somebody adds the version by hand.
resource "google_secret_manager_secret_version" "cloudflare_token" {
  count = var.cloudflare_token_version > 0 ? 1 : 0

  secret                 = google_secret_manager_secret.main["cloudflare_token"].id
  secret_data_wo         = var.cloudflare_token
  secret_data_wo_version = var.cloudflare_token_version

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret" "webhook" {
  for_each = var.webhooks

  project   = var.project
  secret_id = each.value.secret

  replication {
    auto {}
  }
}

# A webhook's URL is as good as a password to the channel behind it.
resource "google_secret_manager_secret_version" "webhook" {
  for_each = var.webhook_urls_version > 0 ? var.webhooks : {}

  secret                 = google_secret_manager_secret.webhook[each.key].id
  secret_data_wo         = var.webhook_urls[each.key]
  secret_data_wo_version = var.webhook_urls_version

  lifecycle {
    create_before_destroy = true
  }
}
