locals {
  registry = "${google_artifact_registry_repository.main.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.main.repository_id}"
}

output "registry" {
  description = "Where images are pushed to."
  value       = local.registry
}

output "function_url" {
  description = "Where the function listens; only Pub/Sub may call it."
  value       = module.function.uri
}

output "page_url" {
  description = "Where the status page is; null if there is none."
  value       = one(module.page[*].uri)
}

output "commands_topic" {
  description = "Topic for commands."
  value       = module.trigger.topics[module.settings.names.commands]
}

output "alerts_topic" {
  description = "Topic for incidents and for reports of our own prober."
  value       = module.trigger.topics[module.settings.names.alerts]
}

output "gate_accounts" {
  description = "Accounts of the Workers, by site: each wants a key, given to the site's scripts by hand (docs/edge.md)."
  value       = module.edge.accounts
}

output "standbys" {
  description = "Each site's standby: service, region and URL."
  value = {
    for name, standby in module.standby : name => {
      service = standby.service
      region  = standby.region
      url     = "${module.settings.standby_origins[name]}/"
    }
  }
}

output "alert_policies" {
  description = "Each site's alert policy."
  value       = module.watch.alert_policies
}

output "configuration" {
  description = "The TOML that the function reads, to try commands with on one's own machine."
  value       = module.settings.configuration
}

output "watchers" {
  description = "Each watcher's account, and the TOML that it reads."
  value = {
    for name, watcher in module.settings.watchers : name => {
      account       = module.trigger.watcher_accounts[name]
      configuration = watcher.configuration
    }
  }
}

output "next_steps" {
  description = "What to do after an apply, to be copied."
  value       = <<-EOT
    %{~if local.wanted == local.placeholder}
    # 1. The function's image. Until then a placeholder answers, and nothing is guarded:
    %{~else}
    # 1. The function has its image. A newer one, when there is one:
    %{~endif}
    gcloud run services update ${module.settings.names.function} --project=${var.project} --region=${var.region} --image=IMAGE@sha256:DIGEST
    %{~if var.page.enabled}
    gcloud run services update ${module.settings.names.page} --project=${var.project} --region=${var.region} --image=IMAGE@sha256:DIGEST
    %{~endif}

    # 2. Each site's image, by its own pipeline from then on:
    %{~for name, standby in module.standby}
    gcloud run services update ${standby.service} --project=${var.project} --region=${standby.region} --image=${local.registry}/${name}@sha256:DIGEST
    %{~endfor}

    # 3. Your own command line, and the status page:
    terraform -chdir=terraform output -raw configuration > failover.toml
    %{~if var.page.enabled}
    echo "${coalesce(one(module.page[*].uri), "-")}/?key=$TF_VAR_page_key"
    %{~endif}

    # 4. Let the function look at everything as itself, then rehearse:
    gcloud pubsub topics publish ${module.settings.names.commands} --project=${var.project} --message='{"command":"check"}'
    gcloud pubsub topics publish ${module.settings.names.commands} --project=${var.project} --message='{"command":"rehearse"}'

    # Once a primary is well again:
    %{~for name in keys(var.sites)}
    gcloud pubsub topics publish ${module.settings.names.commands} --project=${var.project} --message='{"command":"failback","site":"${name}"}'
    %{~endfor}

    # A new version of a secret (read when an instance starts):
    printf %s "$TOKEN" | gcloud secrets versions add ${module.settings.names.cloudflare_token} --project=${var.project} --data-file=-
    %{~if var.page.enabled}
    printf %s "$READ_TOKEN" | gcloud secrets versions add ${module.settings.names.cloudflare_read_token} --project=${var.project} --data-file=-
    printf %s "$PAGE_KEY" | gcloud secrets versions add ${module.settings.names.page_key} --project=${var.project} --data-file=-
    %{~endif}
    %{~for webhook in module.settings.webhooks}
    printf %s "$URL" | gcloud secrets versions add ${webhook.secret} --project=${var.project} --data-file=-
    %{~endfor}
  EOT
}
