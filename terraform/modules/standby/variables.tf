variable "project" {
  description = "Project of the standby."
  type        = string
}

variable "region" {
  description = "Region of the standby."
  type        = string
}

variable "site" {
  description = "The site that it stands by for."
  type        = string
}

variable "service" {
  description = "Name of its Cloud Run service."
  type        = string
}

variable "account_id" {
  description = "Id of its service account."
  type        = string
}

variable "image" {
  description = "Image to begin with; the site's pipeline refreshes it."
  type        = string
}

variable "port" {
  description = "Port that the container listens on."
  type        = number
}

variable "cpu" {
  description = "CPUs of an instance, such as \"1\"."
  type        = string
}

variable "memory" {
  description = "Memory of an instance, such as \"512Mi\"."
  type        = string
}

variable "max_instances" {
  description = "How many instances may run at once while the standby is open."
  type        = number
}

variable "environment" {
  description = "Environment of the container. Not for secrets: it is kept in Terraform's state."
  type        = map(string)
}

variable "deployers" {
  description = "Who may refresh the standby, as IAM members."
  type        = set(string)
}

variable "host" {
  description = "Host name mapped to the standby; null for Cloud Run's own."
  type        = string
}

variable "zone_id" {
  description = "Cloudflare zone of that host name."
  type        = string
}

variable "domain_mapping_target" {
  description = "What the host name's record points at."
  type        = string
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the service."
  type        = bool
}
