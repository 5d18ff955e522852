# Where the journal lives: entries are created once and never changed.

resource "google_storage_bucket" "main" {
  #checkov:skip=CKV_GCP_62:Access logs of the journal would be a second bucket that somebody reads and pays for; Cloud Audit Logs already name who wrote and who deleted.
  project = var.project
  name    = var.bucket

  # A multi-region: the journal must be readable while a region is down, for
  # that is when it is needed.
  location      = var.location
  storage_class = "STANDARD"

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  # An entry can't be overwritten by the function. Should an owner delete or
  # overwrite one, the entry as it was stays for a month.
  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      with_state                 = "ARCHIVED"
      days_since_noncurrent_time = 30
    }
  }

  dynamic "retention_policy" {
    for_each = var.retention_days > 0 ? [var.retention_days] : []
    content {
      retention_period = retention_policy.value * 86400
    }
  }
}

# Create, but not delete: without storage.objects.delete an existing entry can
# be neither overwritten nor removed by the function.
resource "google_storage_bucket_iam_member" "writer" {
  bucket = google_storage_bucket.main.name
  role   = var.writer_role
  member = var.writer
}

resource "google_storage_bucket_iam_member" "reader" {
  for_each = var.readers

  bucket = google_storage_bucket.main.name
  role   = var.reader_role
  member = each.value
}
