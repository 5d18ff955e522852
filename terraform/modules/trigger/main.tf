# Topics, and for each the subscription that keeps it from losing anything:
# alerts, commands and what the schedule says are pushed to the function, events
# and dead letters wait to be read.

locals {
  # Made by Google with the project's first use of Pub/Sub.
  pubsub_agent = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  topics = toset([var.names.alerts, var.names.commands, var.names.schedule, var.names.events, var.names.dead_letters])
  pushed = toset([var.names.alerts, var.names.commands, var.names.schedule])
  # What the schedule says it says again: a heap of old messages helps nobody,
  # and must not slow down what operators publish.
  lasting = toset([var.names.alerts, var.names.commands])
  kept    = toset([var.names.events, var.names.dead_letters])
}

resource "google_pubsub_topic" "main" {
  #checkov:skip=CKV_GCP_83:A customer's own key would be one more thing that must work in an outage; what passes through here (names of sites, reasons of moves) is no secret.
  for_each = local.topics

  project = var.project
  name    = each.value
}

resource "google_pubsub_subscription" "push" {
  for_each = local.pushed

  project = var.project
  name    = each.value
  topic   = google_pubsub_topic.main[each.value].id

  push_config {
    push_endpoint = "${var.function_uri}/push"

    oidc_token {
      service_account_email = var.push_account_email
      audience              = var.audience
    }
  }

  # For a push this is how long the answer may take. The function answers
  # within 540 s; with less, a failover that takes its time would be delivered
  # a second time while it still runs.
  ack_deadline_seconds = 600

  retry_policy {
    minimum_backoff = "1s"
    maximum_backoff = "60s"
  }

  dynamic "dead_letter_policy" {
    for_each = contains(local.lasting, each.value) ? [1] : []

    content {
      dead_letter_topic     = google_pubsub_topic.main[var.names.dead_letters].id
      max_delivery_attempts = 100
    }
  }

  # A week, and for the schedule the shortest that Pub/Sub takes.
  message_retention_duration = contains(local.lasting, each.value) ? "604800s" : "600s"

  # By default a subscription that was idle for 31 days is deleted, and this
  # one is idle for as long as all is well.
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "kept" {
  for_each = local.kept

  project = var.project
  name    = each.value
  topic   = google_pubsub_topic.main[each.value].id

  # The longest there is: somebody may look only after the holidays.
  message_retention_duration = "2678400s"
  ack_deadline_seconds       = 60

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub forwards a dead letter as its own agent, which needs both halves:
# to publish it there, and to acknowledge it here.
resource "google_pubsub_topic_iam_member" "dead_letters_publisher" {
  project = var.project
  topic   = google_pubsub_topic.main[var.names.dead_letters].name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead_letters_subscriber" {
  for_each = local.lasting

  project      = var.project
  subscription = google_pubsub_subscription.push[each.value].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_pubsub_topic_iam_member" "function_announces" {
  project = var.project
  topic   = google_pubsub_topic.main[var.names.events].name
  role    = "roles/pubsub.publisher"
  member  = var.function_member
}

# `check` compares each subscription with what it should be.
resource "google_pubsub_subscription_iam_member" "function_checks" {
  for_each = local.pushed

  project      = var.project
  subscription = google_pubsub_subscription.push[each.value].name
  role         = var.subscription_reader_role
  member       = var.function_member
}

# Whoever may publish here commands the function: this list is its access control.
resource "google_pubsub_topic_iam_member" "operator_commands" {
  for_each = var.operators

  project = var.project
  topic   = google_pubsub_topic.main[var.names.commands].name
  role    = "roles/pubsub.publisher"
  member  = each.value
}

resource "google_pubsub_subscription_iam_member" "operator_reads" {
  for_each = {
    for pair in setproduct(local.kept, var.operators) : "${pair[0]} ${pair[1]}" => { subscription = pair[0], member = pair[1] }
  }

  project      = var.project
  subscription = google_pubsub_subscription.kept[each.value.subscription].name
  role         = "roles/pubsub.subscriber"
  member       = each.value.member
}

resource "google_pubsub_topic_iam_member" "reporter_reports" {
  for_each = var.reporters

  project = var.project
  topic   = google_pubsub_topic.main[var.names.alerts].name
  role    = "roles/pubsub.publisher"
  member  = each.value
}

# What monitors say at the page's door. It can report, and not command.
resource "google_pubsub_topic_iam_member" "page_reports" {
  count = var.page_reports ? 1 : 0

  project = var.project
  topic   = google_pubsub_topic.main[var.names.alerts].name
  role    = "roles/pubsub.publisher"
  member  = var.page_member
}

# Cloud Scheduler publishes as its own agent, which may do so by the role that
# Google gives it when the API is enabled.
resource "google_cloud_scheduler_job" "main" {
  for_each = var.commands

  project     = var.project
  region      = var.region
  name        = "${var.names.function}-${each.key}"
  description = "Publishes the command ${each.key}."
  schedule    = each.value.schedule
  time_zone   = var.time_zone

  pubsub_target {
    topic_name = google_pubsub_topic.main[var.names.schedule].id
    data       = base64encode(each.value.message)
  }

  # Without the subscription the message would be published to nobody.
  depends_on = [google_pubsub_subscription.push]
}
