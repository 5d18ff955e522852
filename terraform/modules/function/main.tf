# The function: one Cloud Run service that Pub/Sub pushes to.

locals {
  configuration_directory = "/etc/failover"
  configuration_file      = "failover.toml"
}

resource "google_cloud_run_v2_service" "main" {
  project     = var.project
  location    = var.region
  name        = var.names.function
  description = "cloud-failover: fails sites over to their standby, and back."

  # Pub/Sub of the same project counts as internal; nobody else has business here.
  ingress              = var.ingress
  invoker_iam_disabled = false
  custom_audiences     = [var.audience]
  deletion_protection  = var.deletion_protection

  template {
    service_account = google_service_account.function.email

    # A push may wait for 600 s, and the container goes on with a request that
    # Cloud Run has given up: never less than the subscriptions' deadline.
    timeout = "600s"

    # With one request at a time, a failover that waits would keep the
    # operator's own commands and the health probe waiting as well.
    max_instance_request_concurrency = 80

    # The journal is what keeps two instances apart. One at most makes it rare.
    scaling {
      min_instance_count = 0
      max_instance_count = 1
    }

    containers {
      image = var.image
      args  = ["serve"]

      ports {
        container_port = 8080
      }

      env {
        name  = "FAILOVER_CONFIG"
        value = "${local.configuration_directory}/${local.configuration_file}"
      }

      # Read when an instance starts: a new version is in use after the next start.
      env {
        name = "CLOUDFLARE_API_TOKEN"
        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret.main["cloudflare_token"].secret_id
            version = "latest"
          }
        }
      }

      # Where whoever is told something finds more.
      dynamic "env" {
        for_each = var.page_urls
        content {
          name  = "FAILOVER_PAGE_URL"
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.webhooks
        content {
          name = env.value.variable
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.webhook[env.key].secret_id
              version = "latest"
            }
          }
        }
      }

      resources {
        limits = {
          cpu    = "1"
          memory = "512Mi"
        }
        # CPU only while a request runs: this is what makes idling free.
        cpu_idle          = true
        startup_cpu_boost = true
      }

      volume_mounts {
        name       = "configuration"
        mount_path = local.configuration_directory
      }

      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 60
        http_get {
          path = "/health"
          port = 8080
        }
      }

      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 3
        http_get {
          path = "/health"
          port = 8080
        }
      }
    }

    volumes {
      name = "configuration"
      secret {
        secret = google_secret_manager_secret.main["configuration"].secret_id
        items {
          path = local.configuration_file
          # By its number: a changed configuration makes a new revision, and a
          # revision never reads another one's file.
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
  }

  # A revision whose account can't read its secrets never becomes ready.
  depends_on = [
    time_sleep.granted,
    google_secret_manager_secret_version.cloudflare_token,
    google_secret_manager_secret_version.webhook,
  ]
}

# A grant needs a while until it is believed everywhere. A service that is made
# before then fails, and Terraform would want to replace what it may not delete.
resource "time_sleep" "granted" {
  create_duration = "60s"
  triggers        = { secrets = join(",", sort(concat([for secret in google_secret_manager_secret.main : secret.secret_id], [for secret in google_secret_manager_secret.webhook : secret.secret_id]))) }

  depends_on = [
    google_secret_manager_secret_iam_member.function,
    google_secret_manager_secret_iam_member.webhook,
  ]

  # Asked here and not at the service, which waits for the page: where that lacks a secret too, both are told.
  lifecycle {
    precondition {
      condition     = alltrue([for written in terraform_data.cloudflare_token_written : var.cloudflare_token != null || written.input != plantimestamp()])
      error_message = "Terraform is about to write the function's Cloudflare token, and has none: set TF_VAR_cloudflare_token. It is wanted this once; later plans do without. (cloudflare_token_version = 0 is for a secret whose versions you add yourself.)"
    }

    precondition {
      condition     = alltrue([for name, written in terraform_data.webhook_written : contains(keys(var.webhook_urls), name) || written.input != plantimestamp()])
      error_message = "Terraform is about to write a webhook's URL, and has none: set TF_VAR_webhook_urls='{\"NAME\":\"https://…\"}' with every name in webhooks. It is wanted this once; later plans do without."
    }
  }
}
