output "uri" {
  description = "Where the page is."
  value       = google_cloud_run_v2_service.main.uri
}

output "member" {
  description = "The page, as an IAM member."
  value       = google_service_account.main.member
}
