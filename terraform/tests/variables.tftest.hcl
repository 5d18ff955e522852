# Needs the providers' programs, or tests/terraform/check_plans.py in their place.
# The variables that modules/settings doesn't check; one run per rule.

mock_provider "google" {}
mock_provider "time" {}
mock_provider "cloudflare" {}

variables {
  project = "gleich-tech"
  region  = "us-central1"
  sites = {
    resume = {
      public_url = "https://will.gleich.tech/"
      zone_id    = "023e105f4ecef8ad9ca31a8372d0c353"
      expect     = { contains = "Resume" }
    }
  }
  cloudflare_token      = "a-token"
  cloudflare_read_token = "another-token"
  page_key              = "abcdefghijklmnopqrstuvwxyz"
}

run "the_unbroken_variables_are_accepted" {
  command = plan
}

run "a_version_by_hand_needs_no_token" {
  command = plan
  variables {
    cloudflare_token              = null
    cloudflare_token_version      = 0
    cloudflare_read_token         = null
    cloudflare_read_token_version = 0
    page_key                      = null
    page_key_version              = 0
  }
}

run "no_page_needs_no_key" {
  command = plan
  variables {
    page                  = { enabled = false }
    cloudflare_read_token = null
    page_key              = null
  }

  assert {
    condition     = output.page_url == null
    error_message = "A page that nobody asked for."
  }
}

run "a_budget_tells_the_same_people" {
  command = plan
  variables {
    emails = ["alice@gleich.tech"]
    budget = { billing_account = "01AB23-45CD67-89EF01" }
  }

  assert {
    condition     = google_billing_budget.main[0].amount[0].specified_amount[0].units == "5" && length(google_billing_budget.main[0].threshold_rules) == 4
    error_message = "Five a month, told at a half, nine tenths, all, and when all is forecast."
  }
}

run "an_image_without_a_registry_is_refused" {
  command = plan
  variables {
    image = "failover"

  }
  expect_failures = [var.image]
}

run "an_unknown_ingress_is_refused" {
  command = plan
  variables {
    function_ingress = "ALL"

  }
  expect_failures = [var.function_ingress]
}

run "an_unknown_gate_of_the_page_is_refused" {
  command = plan
  variables {
    page = { gate = "open" }

  }
  expect_failures = [var.page]
}

run "a_negative_token_version_is_refused" {
  command = plan
  variables {
    cloudflare_token_version = -1

  }
  expect_failures = [var.cloudflare_token_version]
}

run "half_a_reading_token_version_is_refused" {
  command = plan
  variables {
    cloudflare_read_token_version = 0.5

  }
  expect_failures = [var.cloudflare_read_token_version]
}

run "a_short_page_key_is_refused" {
  command = plan
  variables {
    page_key = "open sesame"

  }
  expect_failures = [var.page_key]
}

run "a_negative_page_key_version_is_refused" {
  command = plan
  variables {
    page_key_version = -1

  }
  expect_failures = [var.page_key_version]
}

run "a_negative_webhook_version_is_refused" {
  command = plan
  variables {
    webhook_urls_version = -1

  }
  expect_failures = [var.webhook_urls_version]
}

run "everybody_as_operator_is_refused" {
  command = plan
  variables {
    operators = ["allUsers"]

  }
  expect_failures = [var.operators]
}

run "everybody_as_reporter_is_refused" {
  command = plan
  variables {
    reporters = ["allAuthenticatedUsers"]

  }
  expect_failures = [var.reporters]
}

run "everybody_as_deployer_is_refused" {
  command = plan
  variables {
    deployers = ["allUsers"]

  }
  expect_failures = [var.deployers]
}

run "a_name_in_place_of_an_address_is_refused" {
  command = plan
  variables {
    emails = ["alice"]

  }
  expect_failures = [var.emails]
}

run "six_addresses_are_refused" {
  command = plan
  variables {
    emails = ["a@gleich.tech", "b@gleich.tech", "c@gleich.tech", "d@gleich.tech", "e@gleich.tech", "f@gleich.tech"]

  }
  expect_failures = [var.emails]
}

run "a_journal_in_one_region_is_refused" {
  command = plan
  variables {
    journal_location = "us-central1"

  }
  expect_failures = [var.journal_location]
}

run "a_negative_retention_is_refused" {
  command = plan
  variables {
    journal_retention_days = -1

  }
  expect_failures = [var.journal_retention_days]
}

run "an_offset_in_place_of_a_time_zone_is_refused" {
  command = plan
  variables {
    time_zone = "+01:00"

  }
  expect_failures = [var.time_zone]
}

run "a_billing_account_by_its_name_is_refused" {
  command = plan
  variables {
    budget = { billing_account = "My Billing Account" }

  }
  expect_failures = [var.budget]
}

run "a_budget_of_nothing_is_refused" {
  command = plan
  variables {
    budget = { billing_account = "01AB23-45CD67-89EF01", amount = 0 }

  }
  expect_failures = [var.budget]
}
