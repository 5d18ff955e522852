variable "project" {
  description = "Project of the page."
  type        = string
}

variable "region" {
  description = "Region of the page."
  type        = string
}

variable "names" {
  description = "Names of service, account and secrets."
  type = object({
    page                  = string
    page_account          = string
    page_configuration    = string
    page_key              = string
    report_key            = string
    cloudflare_read_token = string
  })
}

variable "image" {
  description = "Image to begin with; the deploy pipeline moves it."
  type        = string
}

variable "gate" {
  description = "How the page is opened to visitors: \"all_users\" or \"iam_check\"."
  type        = string
}

variable "configuration" {
  description = "The TOML that the page reads."
  type        = string
}

variable "page_key" {
  description = "What the page asks for; sent, and never stored by Terraform."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "page_key_version" {
  description = "Raise it to write the key again; 0 where it is added by hand."
  type        = number
}

variable "monitors" {
  description = "Whether the page has a door for monitors."
  type        = bool
}

variable "report_key" {
  description = "What monitors show at that door; sent, and never stored by Terraform."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "report_key_version" {
  description = "Raise it to write that key again."
  type        = number
}

variable "cloudflare_read_token" {
  description = "Token that may read the redirects; sent, and never stored by Terraform."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "cloudflare_read_token_version" {
  description = "Raise it to write the token again; 0 where it is added by hand."
  type        = number
}

variable "deployers" {
  description = "Who may deploy the page, as IAM members."
  type        = set(string)
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the service."
  type        = bool
}
