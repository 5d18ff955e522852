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

  secret = google_secret_manager_secret.main["cloudflare_token"].id
  # The provider wants a value at every plan, and sends it at the first alone.
  # That one is refused without a token: see `cloudflare_token_written`.
  secret_data_wo         = var.cloudflare_token == null ? "not given" : var.cloudflare_token
  secret_data_wo_version = var.cloudflare_token_version
  # The services read the newest version there is: taking one away could leave
  # them with none at their next start.
  deletion_policy = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}

# Remembers when a value was written, and so that one was: at the plan that
# writes it, the time is the plan's own. By this a token is asked for when it is
# needed, and a plan in a new shell proposes nothing.
resource "terraform_data" "cloudflare_token_written" {
  count = var.cloudflare_token_version > 0 ? 1 : 0

  input            = plantimestamp()
  triggers_replace = [var.cloudflare_token_version]
  depends_on       = [google_secret_manager_secret_version.cloudflare_token]

  lifecycle {
    ignore_changes = [input]
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
  secret_data_wo         = lookup(var.webhook_urls, each.key, "not given")
  secret_data_wo_version = var.webhook_urls_version
  deletion_policy        = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "webhook_written" {
  for_each = var.webhook_urls_version > 0 ? var.webhooks : {}

  input            = plantimestamp()
  triggers_replace = [var.webhook_urls_version]
  depends_on       = [google_secret_manager_secret_version.webhook]

  lifecycle {
    ignore_changes = [input]
  }
}
