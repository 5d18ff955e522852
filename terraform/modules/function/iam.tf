resource "google_service_account" "function" {
  project      = var.project
  account_id   = var.names.function_account
  display_name = "${var.names.function}: the function"
}

resource "google_service_account" "push" {
  project      = var.project
  account_id   = var.names.push_account
  display_name = "${var.names.function}: pushes of Pub/Sub"
}

resource "google_secret_manager_secret_iam_member" "function" {
  for_each = google_secret_manager_secret.main

  project   = var.project
  secret_id = each.value.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function.member
}

resource "google_secret_manager_secret_iam_member" "webhook" {
  for_each = google_secret_manager_secret.webhook

  project   = var.project
  secret_id = each.value.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function.member
}

# The one account that may call the function. Cloud Run's own check of this is
# the authentication: it strips a token's signature before the function sees it.
resource "google_cloud_run_v2_service_iam_member" "push" {
  project  = var.project
  location = google_cloud_run_v2_service.main.location
  name     = google_cloud_run_v2_service.main.name
  role     = "roles/run.invoker"
  member   = google_service_account.push.member
}

# Only a project whose Pub/Sub agent is older than April 2021 needs this; newer
# agents may sign tokens by their own role.
resource "google_service_account_iam_member" "old_pubsub_agent_signs" {
  count = var.old_pubsub_agent ? 1 : 0

  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

# `check` looks at the function's own service, and fails if it is open to all.
resource "google_cloud_run_v2_service_iam_member" "self" {
  project  = var.project
  location = google_cloud_run_v2_service.main.location
  name     = google_cloud_run_v2_service.main.name
  role     = var.service_reader_role
  member   = google_service_account.function.member
}

resource "google_cloud_run_v2_service_iam_member" "deployer" {
  for_each = var.deployers

  project  = var.project
  location = google_cloud_run_v2_service.main.location
  name     = google_cloud_run_v2_service.main.name
  role     = "roles/run.developer"
  member   = each.value
}

# Whoever deploys the function could deploy anything under its account, and so
# open a standby: as much trust as an operator's.
resource "google_service_account_iam_member" "deployer" {
  for_each = var.deployers

  service_account_id = google_service_account.function.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}
