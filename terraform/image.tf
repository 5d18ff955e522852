# Which image the services begin with: the one that is named, else the one that
# this copy of the configuration was released with, else a placeholder.

locals {
  placeholder = "us-docker.pkg.dev/cloudrun/container/hello"
  released    = jsondecode(file("${path.module}/release.json")).image
  wanted      = var.image != null ? var.image : local.released != null ? local.released : local.placeholder

  # Cloud Run pulls from Google's registries and from Docker Hub, and from any
  # other only through a repository that stands for it.
  origin   = split("/", local.wanted)[0]
  is_known = can(regex("(^|[.-])(docker\\.pkg\\.dev|gcr\\.io|docker\\.io)$", local.origin))
  image    = local.is_known ? local.wanted : join("/", concat([local.mirror], slice(split("/", local.wanted), 1, length(split("/", local.wanted)))))
  mirror   = "${var.region}-docker.pkg.dev/${var.project}/${coalesce(one(google_artifact_registry_repository.mirror[*].repository_id), "-")}"
}

resource "google_artifact_registry_repository" "mirror" {
  #checkov:skip=CKV_GCP_84:It holds copies of public images, which a customer's own key would not protect.
  count = local.is_known ? 0 : 1

  project       = var.project
  location      = var.region
  repository_id = "${module.settings.names.registry}-released"
  description   = "Stands for ${local.origin}, from which Cloud Run can't pull by itself."
  format        = "DOCKER"
  mode          = "REMOTE_REPOSITORY"

  remote_repository_config {
    docker_repository {
      custom_repository {
        uri = "https://${local.origin}"
      }
    }
  }

  depends_on = [time_sleep.services]
}
