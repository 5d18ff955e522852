provider "google" {
  project = var.project
  region  = var.region

  # Budgets are billed to a project's quota, which a person's credentials don't name.
  user_project_override = true
  billing_project       = var.project
}

# Its token comes from the environment, CLOUDFLARE_API_TOKEN: one that may edit
# DNS and rules of the zones. It isn't the token that the function gets.
provider "cloudflare" {}
