# Needs the providers' programs, or tests/terraform/check_plans.py in their place.

mock_provider "google" {}
mock_provider "time" {}
mock_provider "cloudflare" {}

run "a_standby_is_made_closed" {
  command = plan
  module {
    source = "./modules/standby"
  }
  variables {
    project               = "gleich-tech"
    region                = "us-central1"
    site                  = "resume"
    service               = "resume"
    account_id            = "failover-resume-site"
    image                 = "us-docker.pkg.dev/cloudrun/container/hello"
    port                  = 8080
    cpu                   = "1"
    memory                = "512Mi"
    max_instances         = 2
    environment           = { LANGUAGE = "de" }
    deployers             = ["serviceAccount:drone@gleich-tech.iam.gserviceaccount.com"]
    host                  = "will.iam.gleich.tech"
    zone_id               = "023e105f4ecef8ad9ca31a8372d0c353"
    domain_mapping_target = "ghs.googlehosted.com."
    deletion_protection   = true
  }

  assert {
    condition     = google_cloud_run_v2_service.main.invoker_iam_disabled == false && google_cloud_run_v2_service.main.ingress == "INGRESS_TRAFFIC_ALL"
    error_message = "Closed by IAM, and reachable once that is opened."
  }

  assert {
    condition     = google_cloud_run_v2_service.main.template[0].scaling[0].max_instance_count == 2 && google_cloud_run_v2_service.main.template[0].scaling[0].min_instance_count == 0
    error_message = "Nothing runs while it is closed, and not much while it is open."
  }

  assert {
    condition     = cloudflare_dns_record.standby[0].proxied == false && cloudflare_dns_record.standby[0].content == "ghs.googlehosted.com"
    error_message = "A proxied record would keep the certificate from being issued."
  }

  assert {
    condition     = alltrue([for grant in google_cloud_run_v2_service_iam_member.deployer : !contains(["allUsers", "allAuthenticatedUsers"], grant.member) && grant.role == "roles/run.developer"])
    error_message = "Whoever refreshes a standby may not open it."
  }
}

run "the_function_is_what_the_contract_says" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    project        = "gleich-tech"
    project_number = "365415247865"
    region         = "us-central1"
    names = {
      function         = "failover"
      function_account = "failover-function"
      push_account     = "failover-push"
      configuration    = "failover-configuration"
      cloudflare_token = "failover-cloudflare-token"
    }
    image                    = "us-docker.pkg.dev/cloudrun/container/hello"
    ingress                  = "INGRESS_TRAFFIC_INTERNAL_ONLY"
    audience                 = "failover"
    configuration            = "journal = \"gs://b/journal\""
    cloudflare_token         = "a-token"
    cloudflare_token_version = 1
    webhooks                 = { oncall = { kind = "slack", variable = "FAILOVER_WEBHOOK_ONCALL", secret = "failover-webhook-oncall" } }
    webhook_urls             = { oncall = "https://hooks.example.com/1" }
    webhook_urls_version     = 1
    service_reader_role      = "projects/gleich-tech/roles/failover_service_reader"
    deployers                = []
    old_pubsub_agent         = false
    deletion_protection      = true
  }

  assert {
    condition = (
      google_cloud_run_v2_service.main.template[0].timeout == "600s" &&
      google_cloud_run_v2_service.main.template[0].max_instance_request_concurrency == 80 &&
      google_cloud_run_v2_service.main.template[0].scaling[0].max_instance_count == 1 &&
      google_cloud_run_v2_service.main.template[0].containers[0].resources[0].startup_cpu_boost
    )
    error_message = "Timeout 600 s, concurrency 80, one instance at most, CPU boost."
  }

  assert {
    condition     = tolist(google_cloud_run_v2_service.main.custom_audiences) == tolist(["failover"]) && google_cloud_run_v2_service.main.invoker_iam_disabled == false
    error_message = "Tokens made out to \"failover\" are accepted, and only with one can it be called."
  }

  assert {
    condition = (
      google_cloud_run_v2_service.main.template[0].containers[0].startup_probe[0].http_get[0].path == "/health" &&
      google_cloud_run_v2_service.main.template[0].containers[0].liveness_probe[0].http_get[0].path == "/health"
    )
    error_message = "Both probes ask /health."
  }

  assert {
    condition = alltrue([
      for variable in google_cloud_run_v2_service.main.template[0].containers[0].env :
      variable.name == "FAILOVER_CONFIG" ? variable.value == "/etc/failover/failover.toml" : variable.value == null && variable.value_source[0].secret_key_ref[0].version == "latest"
    ])
    error_message = "Whatever isn't the path of the configuration comes from a secret."
  }

  assert {
    condition     = google_cloud_run_v2_service.main.template[0].containers[0].volume_mounts[0].mount_path == "/etc/failover" && google_cloud_run_v2_service.main.template[0].volumes[0].secret[0].items[0].path == "failover.toml"
    error_message = "The file is where FAILOVER_CONFIG says."
  }
}

run "redirects_are_made_switched_off" {
  command = plan
  module {
    source = "./modules/route"
  }
  variables {
    name = "failover"
    page_rules = {
      resume = {
        zone_id  = "023e105f4ecef8ad9ca31a8372d0c353"
        target   = "will.gleich.tech/*"
        url      = "https://will.iam.gleich.tech/$1"
        priority = 1
      }
    }
    redirect_rules = {
      "023e105f4ecef8ad9ca31a8372d0c353" = [{
        site       = "blog"
        ref        = "failover_blog"
        expression = "(http.host eq \"blog.gleich.tech\")"
        target     = "concat(\"https://blog.iam.gleich.tech\", http.request.uri.path)"
      }]
    }
    public_records = {
      resume = {
        zone_id = "023e105f4ecef8ad9ca31a8372d0c353"
        host    = "will.gleich.tech"
        type    = "A"
        content = "203.0.113.7"
      }
    }
  }

  assert {
    condition = (
      cloudflare_page_rule.main["resume"].status == "disabled" &&
      cloudflare_page_rule.main["resume"].actions.forwarding_url.status_code == 302 &&
      cloudflare_page_rule.main["resume"].actions.forwarding_url.url == "https://will.iam.gleich.tech/$1"
    )
    error_message = "A page rule that is off, temporary, and keeps the path."
  }

  assert {
    condition = alltrue([
      for rule in cloudflare_ruleset.redirect["023e105f4ecef8ad9ca31a8372d0c353"].rules :
      rule.enabled == false && rule.ref == "failover_blog" && rule.action_parameters.from_value.status_code == 302 && rule.action_parameters.from_value.preserve_query_string
    ])
    error_message = "A redirect rule that is off, temporary, and keeps path and query."
  }

  assert {
    condition     = cloudflare_dns_record.public["resume"].proxied && cloudflare_dns_record.public["resume"].ttl == 1
    error_message = "Without the proxy there is nothing to redirect."
  }
}

run "the_journal_grows_and_never_shrinks" {
  command = plan
  module {
    source = "./modules/journal"
  }
  variables {
    project             = "gleich-tech"
    bucket              = "gleich-tech-failover"
    location            = "US"
    retention_days      = 0
    deletion_protection = true
    writer              = "serviceAccount:failover-function@gleich-tech.iam.gserviceaccount.com"
    writer_role         = "projects/gleich-tech/roles/failover_journal_writer"
    reader_role         = "projects/gleich-tech/roles/failover_journal_reader"
    readers             = {}
  }

  assert {
    condition     = google_storage_bucket.main.uniform_bucket_level_access && google_storage_bucket.main.public_access_prevention == "enforced" && !google_storage_bucket.main.force_destroy
    error_message = "Private, and not thrown away with its entries."
  }

  assert {
    condition     = alltrue([for rule in google_storage_bucket.main.lifecycle_rule : alltrue([for condition in rule.condition : condition.with_state == "ARCHIVED"])])
    error_message = "No rule deletes a live entry."
  }
}
