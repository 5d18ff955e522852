# Exactly what moving an address takes, and nothing else: no start, no stop, no
# other change of a machine.

locals {
  # A range that is reserved as an internal address takes useInternal; where the
  # mover was ended between two machines, the subnet tells which range it is from.
  alias = [
    "compute.addresses.useInternal",
    "compute.instances.get",
    "compute.instances.updateNetworkInterface",
    "compute.subnetworks.get",
    "compute.subnetworks.use",
    "compute.zoneOperations.get",
  ]
  external = [
    "compute.addresses.get",
    "compute.addresses.use",
    "compute.instances.addAccessConfig",
    "compute.instances.deleteAccessConfig",
    "compute.subnetworks.useExternalIp",
  ]
  find_zones = ["compute.instances.list"]
}

resource "google_project_iam_custom_role" "main" {
  project     = var.project
  role_id     = var.role_id
  title       = "Failover: move an address between two machines"
  description = "For the switches gcp_alias_ip and gcp_access_config."
  stage       = "GA"
  permissions = sort(concat(
    local.alias,
    var.external ? local.external : [],
    var.find_zones ? local.find_zones : [],
  ))
}

resource "google_project_iam_member" "mover" {
  for_each = var.members

  project = var.project
  role    = google_project_iam_custom_role.main.id
  member  = each.value
}
