# Needs the providers' programs, or tests/terraform/check_plans.py in their place.

mock_provider "google" {}
mock_provider "time" {}

variables {
  project        = "gleich-tech"
  project_number = "365415247865"
  name           = "failover"
  sites = {
    resume = {
      public_url      = "https://will.gleich.tech/"
      host            = "will.gleich.tech"
      port            = 443
      path            = "/"
      status          = 200
      contains        = "Resume"
      regions         = ["ASIA_PACIFIC", "EUROPE", "SOUTH_AMERICA", "USA"]
      timeout_seconds = 10
      silent_regions  = 2
    }
  }
  alert_filters             = { resume = "metric.label.check_id=\"resume-abc123\"" }
  alerts_topic              = "projects/gleich-tech/topics/failover-alerts"
  commands_topic            = "projects/gleich-tech/topics/failover-commands"
  dead_letters_subscription = "failover-dead-letters"
  function_service          = "failover"
  emails                    = ["alice@gleich.tech"]
}

run "a_check_looks_as_often_as_it_can" {
  command = plan
  module {
    source = "./modules/watch"
  }

  assert {
    condition     = google_monitoring_uptime_check_config.main["resume"].period == "60s" && length(google_monitoring_uptime_check_config.main["resume"].selected_regions) >= 3
    error_message = "Every 60 s, from three regions or more."
  }

  assert {
    condition     = google_monitoring_uptime_check_config.main["resume"].content_matchers[0].content == "Resume"
    error_message = "The body is matched too."
  }
}

run "one_outage_is_one_incident_that_closes" {
  command = plan
  module {
    source = "./modules/watch"
  }

  assert {
    condition = alltrue([
      for condition in google_monitoring_alert_policy.main["resume"].conditions[0].condition_threshold :
      condition.aggregations[0].cross_series_reducer == "REDUCE_COUNT_FALSE" && !contains(condition.aggregations[0].group_by_fields, "metric.label.checker_location")
    ])
    error_message = "Counted over all places, one outage is one incident."
  }

  assert {
    condition = (
      google_monitoring_alert_policy.main["resume"].conditions[0].condition_threshold[0].evaluation_missing_data == "EVALUATION_MISSING_DATA_INACTIVE" &&
      # Google refuses a meaning for missing data below this.
      google_monitoring_alert_policy.main["resume"].conditions[0].condition_threshold[0].duration == "60s" &&
      google_monitoring_alert_policy.main["resume"].alert_strategy[0].auto_close == "1800s"
    )
    error_message = "A paused check closes its incident, so that the next outage alerts again."
  }

  assert {
    condition     = google_monitoring_alert_policy.main["resume"].conditions[0].condition_threshold[0].threshold_value == 1
    error_message = "More than one place, of two that must miss it."
  }

  assert {
    condition     = google_monitoring_alert_policy.main["resume"].user_labels["failover_site"] == "resume"
    error_message = "The label that names the site."
  }
}

run "the_agent_may_publish" {
  command = plan
  module {
    source = "./modules/watch"
  }

  assert {
    condition     = google_pubsub_topic_iam_member.monitoring_publishes.member == "serviceAccount:service-365415247865@gcp-sa-monitoring-notification.iam.gserviceaccount.com"
    error_message = "Monitoring publishes as its own agent."
  }

  assert {
    condition     = google_monitoring_notification_channel.function.labels["topic"] == "projects/gleich-tech/topics/failover-alerts"
    error_message = "A channel takes the topic's full name."
  }
}

run "ten_silent_minutes_of_the_function_are_told" {
  command = plan
  module {
    source = "./modules/watch"
  }

  assert {
    condition = (
      google_monitoring_alert_policy.silence[0].conditions[0].condition_absent[0].duration == "600s" &&
      strcontains(google_monitoring_alert_policy.silence[0].conditions[0].condition_absent[0].filter, "logging.googleapis.com/user/failover-reconciled") &&
      strcontains(google_logging_metric.reconciled.filter, "jsonPayload.reconciled=true")
    )
    error_message = "The line that each look at all sites writes, missing for ten minutes."
  }
}
