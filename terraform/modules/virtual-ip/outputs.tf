output "role" {
  description = "The custom role's name."
  value       = google_project_iam_custom_role.main.id
}
