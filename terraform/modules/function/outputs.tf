output "uri" {
  description = "Where the function listens."
  value       = google_cloud_run_v2_service.main.uri
}

output "member" {
  description = "The function, as an IAM member."
  value       = google_service_account.function.member
}

output "push_account_email" {
  description = "The account whose token a push carries."
  value       = google_service_account.push.email
}

output "configuration_secret" {
  description = "The secret that holds the configuration, and its current version."
  value = {
    secret_id = google_secret_manager_secret.main["configuration"].secret_id
    version   = google_secret_manager_secret_version.configuration.version
  }
}
