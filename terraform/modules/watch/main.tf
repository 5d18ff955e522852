# How an outage is noticed: an uptime check for each site, the policy that
# makes an incident of it, and the channel that tells the function.

locals {
  monitoring_agent = "serviceAccount:service-${var.project_number}@gcp-sa-monitoring-notification.iam.gserviceaccount.com"
}

resource "google_monitoring_notification_channel" "function" {
  project      = var.project
  display_name = "${var.name}: the function"
  type         = "pubsub"
  labels       = { topic = var.alerts_topic }

  # A channel that a policy still uses can't go, and Terraform can't see the
  # policies that others attached to this one.
  force_delete = false
}

# The agent is made together with the project's first Pub/Sub channel: granted
# any earlier, it doesn't exist.
resource "google_pubsub_topic_iam_member" "monitoring_publishes" {
  project = var.project
  topic   = var.alerts_topic
  role    = "roles/pubsub.publisher"
  member  = local.monitoring_agent

  depends_on = [google_monitoring_notification_channel.function]
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.emails

  project      = var.project
  display_name = "${var.name}: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
}

# Switch `uptime_check` pauses a check by its field `disabled`. The provider
# has no argument of that name and sends only what changed, so there is nothing
# to ignore. But a check that must be replaced (another host) comes back
# running, under a new id: do that while the site is on its primary.
resource "google_monitoring_uptime_check_config" "main" {
  for_each = var.sites

  project      = var.project
  display_name = "${var.name}: ${each.key}"

  # The shortest period there is.
  period           = "60s"
  timeout          = "${each.value.timeout_seconds}s"
  selected_regions = sort(each.value.regions)
  checker_type     = "STATIC_IP_CHECKERS"

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = each.value.host
    }
  }

  http_check {
    request_method = "GET"
    path           = each.value.path
    port           = each.value.port
    use_ssl        = true
    # An expired certificate keeps visitors out like a dead line.
    validate_ssl = true

    accepted_response_status_codes {
      status_value = each.value.status
    }
  }

  # An error page may come with the right status.
  content_matchers {
    content = each.value.contains
    matcher = "CONTAINS_STRING"
  }

  user_labels = { failover_site = each.key }
}

resource "google_monitoring_alert_policy" "main" {
  for_each = var.sites

  project      = var.project
  display_name = "${var.name}: ${each.key} is down"
  combiner     = "OR"
  severity     = "CRITICAL"

  conditions {
    display_name = "${each.value.host} doesn't answer"

    condition_threshold {
      filter = var.alert_filters[each.key]

      # How many places miss the site at the same time. One alone may have a
      # bad line of its own, so it takes another; the places aren't in step,
      # so with six of them the second one misses it within seconds.
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.silent_regions - 1

      aggregations {
        # Each place's newest result. Two periods: a late result isn't taken
        # for none, and a paused check falls silent soon (the console's 20
        # minutes would keep its incident open for as long).
        alignment_period   = "120s"
        per_series_aligner = "ALIGN_NEXT_OLDER"

        # Counted over all places, so one outage is one incident and not six.
        # What is grouped by travels in the notification and names the site.
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["metric.label.check_id", "resource.label.host", "resource.label.project_id"]
      }

      # No longer than Google asks for where missing data is given a meaning.
      # The function looks for itself before it moves anything, so a longer
      # retest would only cost visitors time.
      duration = "60s"

      # A paused check has no data. That must close the incident, or the next
      # outage would go on in the old one and notify nobody.
      evaluation_missing_data = "EVALUATION_MISSING_DATA_INACTIVE"

      trigger {
        count = 1
      }
    }
  }

  alert_strategy {
    # The second way to the same end, and the shortest time there is.
    auto_close           = "1800s"
    notification_prompts = ["OPENED", "CLOSED"]
  }

  notification_channels = concat(
    [google_monitoring_notification_channel.function.id],
    [for channel in google_monitoring_notification_channel.email : channel.id],
  )

  # By this the function knows which site it is told of.
  user_labels = { failover_site = each.key }

  documentation {
    mime_type = "text/markdown"
    subject   = "${each.key}: ${each.value.host} doesn't answer"
    content   = <<-EOT
      ${var.name} fails ${each.value.public_url} over to its standby by itself, or says why it doesn't.

      History: `failover history`. Forbid it for a while:
      `gcloud pubsub topics publish ${var.commands_topic} --message='{"command":"hold","site":"${each.key}"}'`

      Once the primary is well again:
      `gcloud pubsub topics publish ${var.commands_topic} --message='{"command":"failback","site":"${each.key}"}'`
    EOT
  }

  # An incident that opens before the agent may publish is never delivered.
  depends_on = [google_pubsub_topic_iam_member.monitoring_publishes]
}

# A dead letter is a message that the function couldn't carry out in a hundred
# tries: for a human, and not for the topic that it came from.
resource "google_monitoring_alert_policy" "dead_letters" {
  count = length(var.emails) > 0 ? 1 : 0

  project      = var.project
  display_name = "${var.name}: a message was given up"
  combiner     = "OR"
  severity     = "ERROR"

  conditions {
    display_name = "Dead letters wait"

    condition_threshold {
      filter          = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=\"${var.dead_letters_subscription}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }

      trigger {
        count = 1
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  documentation {
    mime_type = "text/markdown"
    content   = "Read them: `gcloud pubsub subscriptions pull ${var.dead_letters_subscription} --project=${var.project} --limit=10`"
  }
}
