# Needs the providers' programs, or tests/terraform/check_plans.py in their place.

mock_provider "google" {}
mock_provider "time" {}

variables {
  project        = "gleich-tech"
  project_number = "365415247865"
  region         = "us-central1"
  time_zone      = "Etc/UTC"
  names = {
    function     = "failover"
    alerts       = "failover-alerts"
    commands     = "failover-commands"
    schedule     = "failover-schedule"
    events       = "failover-events"
    dead_letters = "failover-dead-letters"
  }
  function_uri             = "https://failover-abcdefghij-uc.a.run.app"
  function_member          = "serviceAccount:failover-function@gleich-tech.iam.gserviceaccount.com"
  push_account_email       = "failover-push@gleich-tech.iam.gserviceaccount.com"
  audience                 = "failover"
  subscription_reader_role = "projects/gleich-tech/roles/failover_subscription_reader"
  commands = {
    reconcile = { schedule = "* * * * *", message = "{\"command\":\"reconcile\"}" }
  }
  page_reports = false
  page_member  = null
  operators    = ["user:alice@gleich.tech"]
  reporters    = ["serviceAccount:watch@gleich-tech.iam.gserviceaccount.com"]
  watchers = {
    pi = { account = "failover-watch-pi", subscription = "failover-events-pi" }
  }
}

run "every_topic_keeps_what_it_is_told" {
  command = plan
  module {
    source = "./modules/trigger"
  }

  assert {
    condition     = length(setsubtract(keys(google_pubsub_topic.main), concat(keys(google_pubsub_subscription.push), keys(google_pubsub_subscription.kept)))) == 0
    error_message = "A topic without a subscription loses everything that is published to it."
  }

  assert {
    condition     = alltrue([for subscription in concat(values(google_pubsub_subscription.push), values(google_pubsub_subscription.kept)) : subscription.expiration_policy[0].ttl == ""])
    error_message = "A subscription that expires is gone after a quiet month."
  }
}

run "a_push_has_the_deadlines_of_the_contract" {
  command = plan
  module {
    source = "./modules/trigger"
  }

  assert {
    condition = alltrue([
      for subscription in google_pubsub_subscription.push :
      subscription.ack_deadline_seconds == 600 &&
      subscription.retry_policy[0].minimum_backoff == "1s" && subscription.retry_policy[0].maximum_backoff == "60s"
    ])
    error_message = "Deadline 600 s, retry 1 s to 60 s."
  }

  assert {
    condition = alltrue([
      for name in ["failover-alerts", "failover-commands"] :
      google_pubsub_subscription.push[name].dead_letter_policy[0].max_delivery_attempts == 100
    ])
    error_message = "100 attempts, and then it is kept as a dead letter."
  }

  assert {
    condition = alltrue([
      for subscription in google_pubsub_subscription.push :
      subscription.push_config[0].push_endpoint == "https://failover-abcdefghij-uc.a.run.app/push" &&
      subscription.push_config[0].oidc_token[0].audience == "failover" &&
      subscription.push_config[0].oidc_token[0].service_account_email == "failover-push@gleich-tech.iam.gserviceaccount.com" &&
      length(subscription.push_config[0].no_wrapper) == 0
    ])
    error_message = "A wrapped push with a token that is made out to the function."
  }
}

run "dead_letters_need_both_grants" {
  command = plan
  module {
    source = "./modules/trigger"
  }

  assert {
    condition = (
      google_pubsub_topic_iam_member.dead_letters_publisher.member == "serviceAccount:service-365415247865@gcp-sa-pubsub.iam.gserviceaccount.com" &&
      google_pubsub_topic_iam_member.dead_letters_publisher.topic == "failover-dead-letters" &&
      toset(keys(google_pubsub_subscription_iam_member.dead_letters_subscriber)) == toset([for name, subscription in google_pubsub_subscription.push : name if length(subscription.dead_letter_policy) > 0])
    )
    error_message = "Without one of the two, dead letters are neither forwarded nor acknowledged."
  }
}

run "who_reports_can_not_command" {
  command = plan
  module {
    source = "./modules/trigger"
  }

  assert {
    condition     = [for grant in google_pubsub_topic_iam_member.reporter_reports : "${grant.topic} ${grant.member}"] == ["failover-alerts serviceAccount:watch@gleich-tech.iam.gserviceaccount.com"]
    error_message = "A reporter publishes alerts and nothing else."
  }

  assert {
    condition     = [for grant in google_pubsub_topic_iam_member.operator_commands : "${grant.topic} ${grant.member}"] == ["failover-commands user:alice@gleich.tech"]
    error_message = "An operator publishes commands."
  }
}

run "a_watcher_reports_and_hears_and_can_not_command" {
  command = plan
  module {
    source = "./modules/trigger"
  }

  assert {
    condition = (
      google_service_account.watcher["pi"].account_id == "failover-watch-pi" &&
      google_pubsub_topic_iam_member.watcher_reports["pi"].topic == "failover-alerts" &&
      google_pubsub_topic_iam_member.watcher_announces["pi"].topic == "failover-events" &&
      google_pubsub_subscription_iam_member.watcher_finds["pi"].subscription == "failover-alerts" &&
      google_pubsub_subscription_iam_member.watcher_hears["pi"].subscription == "failover-events-pi"
    )
    error_message = "A watcher publishes alerts and events, reads where alerts go, and listens on its own subscription."
  }

  assert {
    condition = (
      google_pubsub_subscription.watcher["pi"].message_retention_duration == "600s" &&
      google_pubsub_subscription.watcher["pi"].expiration_policy[0].ttl == "" &&
      length(google_pubsub_subscription.watcher["pi"].push_config) == 0
    )
    error_message = "It waits to be asked, keeps little, and doesn't expire."
  }
}

run "the_scheduler_publishes_commands" {
  command = plan
  module {
    source = "./modules/trigger"
  }

  assert {
    condition     = jsondecode(base64decode(google_cloud_scheduler_job.main["reconcile"].pubsub_target[0].data)) == { command = "reconcile" }
    error_message = "The message is base64, as the API wants it."
  }
}

run "what_the_schedule_says_piles_up_nowhere" {
  command = plan
  module {
    source = "./modules/trigger"
  }

  assert {
    condition = (
      google_pubsub_subscription.push["failover-schedule"].message_retention_duration == "600s" &&
      length(google_pubsub_subscription.push["failover-schedule"].dead_letter_policy) == 0
    )
    error_message = "Its messages end by themselves, and aren't kept as dead letters."
  }

  assert {
    condition     = length([for grant in google_pubsub_topic_iam_member.operator_commands : grant if grant.topic == "failover-schedule"]) == 0
    error_message = "Nobody but Cloud Scheduler speaks for the schedule."
  }
}
