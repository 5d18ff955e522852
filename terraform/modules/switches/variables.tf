variable "project" {
  description = "Project of the roles."
  type        = string
}

variable "roles" {
  description = "Custom roles by what they are for."
  type = map(object({
    id          = string
    title       = string
    description = string
    permissions = list(string)
  }))
}

variable "operators" {
  description = "Who may look at all of it, as IAM members."
  type        = set(string)
}

variable "standbys" {
  description = "The standbys' services, by site."
  type = map(object({
    service      = string
    region       = string
    account_name = string
    gate         = string
  }))
}

variable "function_member" {
  description = "The function, as an IAM member."
  type        = string
}

# Apart from who it is: that is known only once its account exists, and what is
# made must be known before.
variable "page" {
  description = "Whether there is a page."
  type        = bool
}

variable "page_member" {
  description = "The page, as an IAM member; null where there is none."
  type        = string
}
