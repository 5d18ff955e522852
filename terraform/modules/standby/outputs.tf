output "service" {
  description = "Name of the Cloud Run service."
  value       = google_cloud_run_v2_service.main.name
}

output "region" {
  description = "Region of the Cloud Run service."
  value       = google_cloud_run_v2_service.main.location
}

output "uri" {
  description = "Cloud Run's own URL of the service."
  value       = google_cloud_run_v2_service.main.uri
}

output "account_name" {
  description = "Full name of the standby's service account."
  value       = google_service_account.main.name
}
