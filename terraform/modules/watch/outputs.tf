output "uptime_checks" {
  description = "Names of the uptime checks, by site."
  value       = { for name, check in google_monitoring_uptime_check_config.main : name => check.name }
}

output "alert_policies" {
  description = "Names of the alert policies, by site."
  value       = { for name, policy in google_monitoring_alert_policy.main : name => policy.name }
}

output "email_channels" {
  description = "Names of the channels that tell humans."
  value       = [for channel in google_monitoring_notification_channel.email : channel.id]
}

output "reconciled_metric" {
  description = "The log-based metric that counts rounds of reconcile."
  value       = google_logging_metric.reconciled.name
}
