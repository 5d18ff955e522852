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
