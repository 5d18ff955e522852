# What a watcher (failover watch) is to Google: an account that may report
# outages and say which certificates end soon, and hear what the function makes
# of it. It can't command, and it has no key here: a key that Terraform makes
# would be in its state.

resource "google_service_account" "watcher" {
  for_each = var.watchers

  project      = var.project
  account_id   = each.value.account
  display_name = "${var.names.function}: the watcher ${each.key}"
}

resource "google_pubsub_topic_iam_member" "watcher_reports" {
  for_each = google_service_account.watcher

  project = var.project
  topic   = google_pubsub_topic.main[var.names.alerts].name
  role    = "roles/pubsub.publisher"
  member  = each.value.member
}

resource "google_pubsub_topic_iam_member" "watcher_announces" {
  for_each = google_service_account.watcher

  project = var.project
  topic   = google_pubsub_topic.main[var.names.events].name
  role    = "roles/pubsub.publisher"
  member  = each.value.member
}

# Its configuration names the subscription of alerts, and the topic is asked for.
resource "google_pubsub_subscription_iam_member" "watcher_finds" {
  for_each = google_service_account.watcher

  project      = var.project
  subscription = google_pubsub_subscription.push[var.names.alerts].name
  role         = var.subscription_reader_role
  member       = each.value.member
}

resource "google_pubsub_subscription" "watcher" {
  for_each = var.watchers

  project = var.project
  name    = each.value.subscription
  topic   = google_pubsub_topic.main[var.names.events].id

  # An answer to an outage that is over tells a watcher nothing: the shortest there is.
  message_retention_duration = "600s"
  ack_deadline_seconds       = 10

  # A watcher may be switched off for longer than a month.
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription_iam_member" "watcher_hears" {
  for_each = google_pubsub_subscription.watcher

  project      = var.project
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.watcher[each.key].member
}
