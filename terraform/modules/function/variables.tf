variable "project" {
  description = "Project of the function."
  type        = string
}

variable "project_number" {
  description = "Its number, by which Google names its service agents."
  type        = string
}

variable "region" {
  description = "Region of the function."
  type        = string
}

variable "names" {
  description = "Names of service, accounts and secrets."
  type = object({
    function         = string
    function_account = string
    push_account     = string
    configuration    = string
    cloudflare_token = string
  })
}

variable "image" {
  description = "Image to begin with; the deploy pipeline moves it."
  type        = string
}

variable "page_urls" {
  description = "Where the status page is; none where there is none."
  type        = list(string)
  default     = []
}

variable "ingress" {
  description = "From where the function can be reached at all."
  type        = string
}

variable "audience" {
  description = "What push tokens are made out to."
  type        = string
}

variable "configuration" {
  description = "The TOML that the function reads."
  type        = string
}

variable "cloudflare_token" {
  description = "Token that may switch the redirects; sent, and never stored by Terraform."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "cloudflare_token_version" {
  description = "Raise it to write the token again; 0 where it is added by hand."
  type        = number
}

variable "webhooks" {
  description = "Where announcements go: environment variable and secret of each."
  type = map(object({
    kind     = string
    variable = string
    secret   = string
  }))
}

variable "webhook_urls" {
  description = "The webhooks' URLs, by their names; sent, and never stored by Terraform."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}

variable "webhook_urls_version" {
  description = "Raise it to write the URLs again; 0 where they are added by hand."
  type        = number
}

variable "service_reader_role" {
  description = "Custom role to look at a service."
  type        = string
}

variable "deployers" {
  description = "Who may deploy the function, as IAM members."
  type        = set(string)
}

variable "old_pubsub_agent" {
  description = "Whether the project's Pub/Sub agent is older than April 2021."
  type        = bool
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the service."
  type        = bool
}
