output "names" {
  description = "Names of what is made once."
  value       = local.names
}

output "sites" {
  description = "What follows from each site's settings: host, port and path of its public URL, its standby's service, region, account and zone, its redirect."
  value       = local.sites
}

output "standby_origins" {
  description = "Scheme and host of each standby."
  value       = local.standby_origins
}

output "domain_mapping_target" {
  description = "What the DNS record of a mapped host name points at."
  value       = local.domain_mapping_target
}

output "page_rules" {
  description = "Page rules to make, by site."
  value       = local.page_rules
}

output "redirect_rules" {
  description = "Redirect rules to make, by zone."
  value       = local.redirect_rules
}

output "workers" {
  description = "Workers to put in front, by site."
  value       = local.workers
}

output "alert_filters" {
  description = "What each site's alert policy listens to."
  value       = local.alert_filters
}

output "roles" {
  description = "Custom roles by what they are for, with exactly the permissions that are used."
  value       = local.roles
}

output "commands" {
  description = "Messages that Cloud Scheduler publishes, with their schedules."
  value       = local.commands
}

output "webhooks" {
  description = "Where announcements go: kind, environment variable and secret of each."
  value       = local.webhooks
}

output "audience" {
  description = "What a push token is made out to."
  value       = local.audience
}

output "push_account_email" {
  description = "Who pushes."
  value       = local.push_account_email
}

output "configuration" {
  description = "The TOML that the function reads."
  value       = local.toml.function
}

output "watchers" {
  description = "Each watcher's account, its subscription of events, and the TOML that it reads."
  value       = { for name, watcher in local.watchers : name => merge(watcher, { configuration = local.toml["watcher ${name}"] }) }
}

output "page_configuration" {
  description = "The TOML that the page reads: the same without the webhooks."
  value       = local.toml.page
}
