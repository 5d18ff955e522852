# A site's second home: the same image on Cloud Run, closed, so that it costs
# nothing until it is opened.

# An account of its own without any role: an image that needs none can do
# nothing in the project, even if a visitor talks it into trying.
resource "google_service_account" "main" {
  project      = var.project
  account_id   = var.account_id
  display_name = "${var.site}: standby"
}

resource "google_cloud_run_v2_service" "main" {
  project     = var.project
  location    = var.region
  name        = var.service
  description = "Standby of ${var.site}. Opened and closed by cloud-failover."

  # Once opened, visitors reach it directly.
  ingress = "INGRESS_TRAFFIC_ALL"

  # Closed: nobody is its invoker, and the check that says so is on.
  invoker_iam_disabled = false
  deletion_protection  = var.deletion_protection

  template {
    service_account = google_service_account.main.email

    scaling {
      min_instance_count = 0
      max_instance_count = var.max_instances
    }

    containers {
      image = var.image

      ports {
        container_port = var.port
      }

      dynamic "env" {
        for_each = var.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      resources {
        limits = {
          cpu    = var.cpu
          memory = var.memory
        }
        cpu_idle = true
        # The first visitor after an outage waits for the first instance.
        startup_cpu_boost = true
      }

      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 120
        tcp_socket {
          port = var.port
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [
      # Switch `cloud_run_invoker` with gate "iam_check" moves this. (With gate
      # "all_users" it adds a member to the service's policy, which Terraform
      # doesn't hold: see the grants below and in the module switches.)
      invoker_iam_disabled,
      # The guarded site's own pipeline refreshes the image, during a failover
      # too; what gcloud writes beside it goes the same way.
      template[0].containers[0].image,
      template[0].labels,
      template[0].annotations,
      client,
      client_version,
    ]
  }
}

# Never _iam_binding or _iam_policy on this service: both would take allUsers
# away again, which switch `cloud_run_invoker` has put there.
resource "google_cloud_run_v2_service_iam_member" "deployer" {
  for_each = var.deployers

  project  = var.project
  location = google_cloud_run_v2_service.main.location
  name     = google_cloud_run_v2_service.main.name
  # May refresh the service, and not open it: setIamPolicy isn't among its permissions.
  role   = "roles/run.developer"
  member = each.value
}

# Whoever deploys a service must be allowed to act as its account.
resource "google_service_account_iam_member" "deployer" {
  for_each = var.deployers

  service_account_id = google_service_account.main.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}

# The domain must have been verified for whoever applies this, and the region
# must offer domain mappings; without a host the standby keeps Cloud Run's own name.
resource "google_cloud_run_domain_mapping" "main" {
  count = var.host == null ? 0 : 1

  project  = var.project
  location = google_cloud_run_v2_service.main.location
  name     = var.host

  metadata {
    namespace = var.project
  }

  spec {
    route_name = google_cloud_run_v2_service.main.name
  }
}

resource "cloudflare_dns_record" "standby" {
  count = var.host == null ? 0 : 1

  zone_id = var.zone_id
  name    = var.host
  type    = "CNAME"
  content = trimsuffix(var.domain_mapping_target, ".")
  ttl     = 300
  # Behind the proxy Google couldn't prove that the name is ours and would
  # never issue its certificate.
  proxied = false
  comment = "Standby of ${var.site}, managed by Terraform."
}
