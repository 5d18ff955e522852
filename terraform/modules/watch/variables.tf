variable "project" {
  description = "Project of checks and policies."
  type        = string
}

variable "project_number" {
  description = "Its number, by which Google names its service agents."
  type        = string
}

variable "name" {
  description = "What display names begin with."
  type        = string
}

variable "sites" {
  description = "What to check of each site, and what counts as an answer."
  type = map(object({
    public_url      = string
    host            = string
    port            = number
    path            = string
    status          = number
    contains        = string
    regions         = set(string)
    timeout_seconds = number
    silent_regions  = number
  }))
}

variable "alert_filters" {
  description = "What each site's policy listens to, by site."
  type        = map(string)
}

variable "alerts_topic" {
  description = "Full name of the topic that incidents are published to."
  type        = string
}

variable "commands_topic" {
  description = "Full name of the topic for commands, shown in the policies' documentation."
  type        = string
}

variable "dead_letters_subscription" {
  description = "Short name of the subscription that keeps dead letters."
  type        = string
}

variable "function_service" {
  description = "Name of the function's Cloud Run service, by which its log lines are known."
  type        = string
}

variable "emails" {
  description = "Addresses that are told of incidents and dead letters too."
  type        = set(string)
}
