# Who watches the watcher: the function looks at every site each minute and
# writes one line when it could. Ten minutes without that line, and humans are
# told, by Monitoring, which doesn't need the function to be alive.

resource "google_logging_metric" "reconciled" {
  project     = var.project
  name        = "${var.name}-reconciled"
  description = "How often the function looked at every site."
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.function_service}\" AND jsonPayload.reconciled=true"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

# Monitoring refuses a policy for a metric that it hasn't heard of yet.
resource "time_sleep" "metric" {
  create_duration = "60s"
  triggers        = { metric = google_logging_metric.reconciled.name }
}

resource "google_monitoring_alert_policy" "silence" {
  count = length(var.emails) > 0 ? 1 : 0

  project      = var.project
  display_name = "${var.name}: nobody is on guard"
  combiner     = "OR"
  severity     = "CRITICAL"

  conditions {
    display_name = "The function has looked at nothing for ten minutes"

    condition_absent {
      filter   = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.reconciled.name}\" AND resource.type=\"cloud_run_revision\""
      duration = "600s"

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_DELTA"
        # Over all revisions: each new one begins a series of its own.
        cross_series_reducer = "REDUCE_SUM"
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
    subject   = "${var.name}: nobody is on guard"
    content   = <<-EOT
      The function `${var.function_service}` has not looked at its sites for ten minutes. Sites stay where they are, and nothing fails over by itself.

      What it said last: `gcloud logging read 'resource.labels.service_name="${var.function_service}"' --project=${var.project} --limit=20`

      Move a site yourself meanwhile: `failover act failover`
    EOT
  }

  depends_on = [time_sleep.metric]
}
