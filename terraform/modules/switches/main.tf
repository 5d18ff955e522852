# Who may move what. One custom role per purpose with exactly the permissions
# that are used, granted as narrowly as the provider allows.

resource "google_project_iam_custom_role" "main" {
  for_each = var.roles

  project     = var.project
  role_id     = each.value.id
  title       = each.value.title
  description = each.value.description
  permissions = each.value.permissions
}

# On the standby service alone: whoever may set its policy can make it public,
# which is the point, and no other service of the project.
resource "google_cloud_run_v2_service_iam_member" "standby" {
  for_each = var.standbys

  project  = var.project
  location = each.value.region
  name     = each.value.service
  role     = google_project_iam_custom_role.main["standby_${each.value.gate}"].name
  member   = var.function_member
}

# An update of a service, which gate "iam_check" makes, needs leave to act as
# the service's account.
resource "google_service_account_iam_member" "standby" {
  for_each = { for site, standby in var.standbys : site => standby if standby.gate == "iam_check" }

  service_account_id = each.value.account_name
  role               = "roles/iam.serviceAccountUser"
  member             = var.function_member
}

resource "google_project_iam_member" "operations" {
  count = contains(keys(var.roles), "operation_reader") ? 1 : 0

  project = var.project
  role    = google_project_iam_custom_role.main["operation_reader"].name
  member  = var.function_member
}

# Monitoring has no grant narrower than the project.
resource "google_project_iam_member" "monitoring" {
  project = var.project
  role    = google_project_iam_custom_role.main["monitoring_switch"].name
  member  = var.function_member
}

# Operators look with their own eyes too: status, plan and check ask for these,
# and send asks a subscription for its topic.
resource "google_project_iam_member" "operator_looks" {
  for_each = var.operators

  project = var.project
  role    = google_project_iam_custom_role.main["operator"].name
  member  = each.value
}

# The page looks, and moves nothing.
resource "google_cloud_run_v2_service_iam_member" "page_looks" {
  for_each = var.page ? var.standbys : {}

  project  = var.project
  location = each.value.region
  name     = each.value.service
  role     = google_project_iam_custom_role.main["service_reader"].name
  member   = var.page_member
}

resource "google_project_iam_member" "page_looks" {
  count = var.page ? 1 : 0

  project = var.project
  role    = google_project_iam_custom_role.main["monitoring_reader"].name
  member  = var.page_member
}
