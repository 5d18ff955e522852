variable "project" {
  description = "Project of the accounts and the standbys."
  type        = string
}

variable "alerts_topic" {
  description = "Full name of the topic that reports are published on."
  type        = string
}

variable "function_member" {
  description = "The function, as an IAM member."
  type        = string
}

variable "sites" {
  description = "Sites with a Worker in front, by name."
  type = map(object({
    account        = string
    account_id     = string
    zone_id        = string
    pattern        = string
    always         = bool
    gate_script    = string
    standby_script = string
    standby_url    = string
    service        = string
    region         = string
  }))
}
