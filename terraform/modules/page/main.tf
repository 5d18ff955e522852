# The status page: the same image as a second service that may only read. It
# is open to the internet; the key is what it asks for.

resource "google_service_account" "main" {
  project      = var.project
  account_id   = var.names.page_account
  display_name = "${var.names.page}: the status page"
}

resource "google_secret_manager_secret" "main" {
  for_each = merge({
    configuration         = var.names.page_configuration
    page_key              = var.names.page_key
    cloudflare_read_token = var.names.cloudflare_read_token
  }, var.monitors ? { report_key = var.names.report_key } : {})

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

resource "google_secret_manager_secret_version" "page_key" {
  count = var.page_key_version > 0 ? 1 : 0

  secret = google_secret_manager_secret.main["page_key"].id
  # As the function's token: wanted when it is written, and not at later plans.
  secret_data_wo         = var.page_key == null ? "not given" : var.page_key
  secret_data_wo_version = var.page_key_version
  deletion_policy        = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "page_key_written" {
  count = var.page_key_version > 0 ? 1 : 0

  input            = plantimestamp()
  triggers_replace = [var.page_key_version]
  depends_on       = [google_secret_manager_secret_version.page_key]

  lifecycle {
    ignore_changes = [input]
  }
}

# With it a monitor says that a site is down, and nothing else.
resource "google_secret_manager_secret_version" "report_key" {
  count = var.monitors ? 1 : 0

  secret                 = google_secret_manager_secret.main["report_key"].id
  secret_data_wo         = var.report_key == null ? "not given" : var.report_key
  secret_data_wo_version = var.report_key_version
  deletion_policy        = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "report_key_written" {
  count = var.monitors ? 1 : 0

  input            = plantimestamp()
  triggers_replace = [var.report_key_version]
  depends_on       = [google_secret_manager_secret_version.report_key]

  lifecycle {
    ignore_changes = [input]
  }
}

# A token of its own that may read rules and nothing more: a page that anybody
# can reach must not hold one that moves traffic.
resource "google_secret_manager_secret_version" "cloudflare_read_token" {
  count = var.cloudflare_read_token_version > 0 ? 1 : 0

  secret                 = google_secret_manager_secret.main["cloudflare_read_token"].id
  secret_data_wo         = var.cloudflare_read_token == null ? "not given" : var.cloudflare_read_token
  secret_data_wo_version = var.cloudflare_read_token_version
  deletion_policy        = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "cloudflare_read_token_written" {
  count = var.cloudflare_read_token_version > 0 ? 1 : 0

  input            = plantimestamp()
  triggers_replace = [var.cloudflare_read_token_version]
  depends_on       = [google_secret_manager_secret_version.cloudflare_read_token]

  lifecycle {
    ignore_changes = [input]
  }
}

resource "google_secret_manager_secret_iam_member" "main" {
  for_each = google_secret_manager_secret.main

  project   = var.project
  secret_id = each.value.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.main.member
}

# As for the function: a grant needs a while until it is believed.
resource "time_sleep" "granted" {
  create_duration = "60s"
  triggers        = { secrets = join(",", sort([for secret in google_secret_manager_secret.main : secret.secret_id])) }

  depends_on = [google_secret_manager_secret_iam_member.main]
}

resource "google_cloud_run_v2_service" "main" {
  project     = var.project
  location    = var.region
  name        = var.names.page
  description = "cloud-failover: the status page, read-only, behind a key."

  ingress              = "INGRESS_TRAFFIC_ALL"
  invoker_iam_disabled = var.gate == "iam_check"
  deletion_protection  = var.deletion_protection

  template {
    service_account                  = google_service_account.main.email
    timeout                          = "30s"
    max_instance_request_concurrency = 80

    scaling {
      min_instance_count = 0
      max_instance_count = 1
    }

    containers {
      image = var.image
      args  = ["serve", "--page"]

      ports {
        container_port = 8080
      }

      env {
        name  = "FAILOVER_CONFIG"
        value = "/etc/failover/failover.toml"
      }

      env {
        name = "FAILOVER_PAGE_KEY"
        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret.main["page_key"].secret_id
            version = "latest"
          }
        }
      }

      dynamic "env" {
        for_each = google_secret_manager_secret_version.report_key
        content {
          name = "FAILOVER_REPORT_KEY"
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.main["report_key"].secret_id
              version = "latest"
            }
          }
        }
      }

      env {
        name = "CLOUDFLARE_API_TOKEN"
        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret.main["cloudflare_read_token"].secret_id
            version = "latest"
          }
        }
      }

      resources {
        limits = {
          cpu    = "1"
          memory = "512Mi"
        }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      volume_mounts {
        name       = "configuration"
        mount_path = "/etc/failover"
      }

      # That it listens is enough: what the page has to say isn't worth a restart.
      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 60
        tcp_socket {
          port = 8080
        }
      }
    }

    volumes {
      name = "configuration"
      secret {
        secret = google_secret_manager_secret.main["configuration"].secret_id
        items {
          path    = "failover.toml"
          version = google_secret_manager_secret_version.configuration.version
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [
      # The image is the deploy pipeline's. Terraform only made the service.
      template[0].containers[0].image,
      template[0].labels,
      template[0].annotations,
      client,
      client_version,
    ]

    precondition {
      condition     = alltrue([for written in terraform_data.cloudflare_read_token_written : var.cloudflare_read_token != null || written.input != plantimestamp()])
      error_message = "Terraform is about to write the page's Cloudflare token, and has none: set TF_VAR_cloudflare_read_token, or page = { enabled = false }. It is wanted this once; later plans do without."
    }

    precondition {
      condition     = alltrue([for written in terraform_data.report_key_written : var.report_key != null || written.input != plantimestamp()])
      error_message = "Terraform is about to write the monitors' key, and has none: set TF_VAR_report_key, or leave page.monitors out. It is wanted this once; later plans do without."
    }

    precondition {
      condition     = alltrue([for written in terraform_data.page_key_written : var.page_key != null || written.input != plantimestamp()])
      error_message = "Terraform is about to write the page's key, and has none: set TF_VAR_page_key, or page = { enabled = false }. It is wanted this once; later plans do without."
    }
  }

  depends_on = [
    time_sleep.granted,
    google_secret_manager_secret_version.page_key,
    google_secret_manager_secret_version.cloudflare_read_token,
  ]
}

# Where the organisation refuses allUsers, gate "iam_check" opens the page without it.
resource "google_cloud_run_v2_service_iam_member" "visitors" {
  #checkov:skip=CKV_GCP_102:The page is for people with a browser and a key, who have no Google identity to show. It reads and moves nothing.
  count = var.gate == "all_users" ? 1 : 0

  project  = var.project
  location = google_cloud_run_v2_service.main.location
  name     = google_cloud_run_v2_service.main.name
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloud_run_v2_service_iam_member" "deployer" {
  for_each = var.deployers

  project  = var.project
  location = google_cloud_run_v2_service.main.location
  name     = google_cloud_run_v2_service.main.name
  role     = "roles/run.developer"
  member   = each.value
}

resource "google_service_account_iam_member" "deployer" {
  for_each = var.deployers

  service_account_id = google_service_account.main.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}
