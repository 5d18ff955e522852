# A mirror pair, its arbiter and a bastion in a private subnet. The private
# address 10.0.0.250 belongs to whichever of the two is primary.

locals {
  zones   = { a = "${var.region}-a", b = "${var.region}-b", arbiter = "${var.region}-c" }
  pair    = toset(["a", "b"])
  address = cidrhost(google_compute_subnetwork.main.ip_cidr_range, 250)
  machine = { for name in local.pair : name => "projects/${var.project}/zones/${local.zones[name]}/instances/db-${name}" }
}

resource "google_compute_network" "main" {
  project                 = var.project
  name                    = "db"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "main" {
  project                  = var.project
  name                     = "db"
  region                   = var.region
  network                  = google_compute_network.main.id
  ip_cidr_range            = "10.0.0.0/24"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
  }
}

resource "google_compute_firewall" "members" {
  project       = var.project
  name          = "db-members"
  network       = google_compute_network.main.id
  source_ranges = var.clients
  target_tags   = ["db"]

  allow {
    protocol = "tcp"
    ports    = var.ports
  }
}

# Nobody reaches the bastion but through Identity-Aware Proxy.
resource "google_compute_firewall" "bastion" {
  project       = var.project
  name          = "db-bastion"
  network       = google_compute_network.main.id
  source_ranges = ["35.235.240.0/20"]
  target_tags   = ["bastion"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_compute_firewall" "from_bastion" {
  project     = var.project
  name        = "db-from-bastion"
  network     = google_compute_network.main.id
  source_tags = ["bastion"]
  target_tags = ["db"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_service_account" "db" {
  project      = var.project
  account_id   = "db-mirror"
  display_name = "Database mirror"
}

module "virtual_ip" {
  source   = "../../modules/virtual-ip"
  project  = var.project
  members  = { db = google_service_account.db.member }
  external = var.external
}

# Entries are created and read, never deleted or overwritten.
resource "google_storage_bucket_iam_member" "journal" {
  for_each = toset(["roles/storage.objectCreator", "roles/storage.objectViewer"])

  bucket = var.journal_bucket
  role   = each.value
  member = google_service_account.db.member
}

resource "google_compute_address" "public" {
  count = var.external ? 1 : 0

  project      = var.project
  name         = "db-public"
  region       = var.region
  address_type = "EXTERNAL"
  network_tier = "PREMIUM"
}

# Reserved, or Google may give it to somebody else while it is between the two.
resource "google_compute_address" "private" {
  project      = var.project
  name         = "db-private"
  region       = var.region
  subnetwork   = google_compute_subnetwork.main.id
  address_type = "INTERNAL"
  purpose      = "GCE_ENDPOINT"
  address      = local.address
}

resource "google_compute_instance" "db" {
  #checkov:skip=CKV_GCP_38:Google encrypts disks by itself; keys of one's own are for whoever has to keep them.
  #checkov:skip=CKV_GCP_40:The external address is what moves, and only where it is asked for.
  for_each = local.pair

  project      = var.project
  name         = "db-${each.key}"
  zone         = local.zones[each.key]
  machine_type = var.machine_type
  tags         = ["db"]

  boot_disk {
    initialize_params {
      image = var.image
    }
  }

  network_interface {
    subnetwork = google_compute_subnetwork.main.id

    dynamic "alias_ip_range" {
      for_each = each.key == "a" ? [google_compute_address.private.address] : []
      content {
        ip_cidr_range = "${alias_ip_range.value}/32"
      }
    }

    dynamic "access_config" {
      for_each = each.key == "a" ? google_compute_address.public : []
      content {
        nat_ip       = access_config.value.address
        network_tier = "PREMIUM"
      }
    }
  }

  service_account {
    email  = google_service_account.db.email
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    block-project-ssh-keys = "true"
    enable-oslogin         = "TRUE"
  }

  # Who has the address is the mirror's business from now on.
  lifecycle {
    ignore_changes = [network_interface[0].alias_ip_range, network_interface[0].access_config]
  }
}

resource "google_compute_instance" "helper" {
  #checkov:skip=CKV_GCP_38:Google encrypts disks by itself; keys of one's own are for whoever has to keep them.
  for_each = { arbiter = "db", bastion = "bastion" }

  project      = var.project
  name         = "db-${each.key}"
  zone         = local.zones.arbiter
  machine_type = "e2-micro"
  tags         = [each.value]

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-13"
    }
  }

  network_interface {
    subnetwork = google_compute_subnetwork.main.id
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    block-project-ssh-keys = "true"
    enable-oslogin         = "TRUE"
  }
}
