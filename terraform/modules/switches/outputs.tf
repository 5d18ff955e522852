output "roles" {
  description = "Full names of the custom roles, by what they are for."
  value       = { for key, role in google_project_iam_custom_role.main : key => role.name }
}
