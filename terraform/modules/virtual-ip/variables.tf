variable "project" {
  description = "Project of the machines, their subnet and their addresses."
  type        = string
}

variable "role_id" {
  description = "Id of the custom role."
  type        = string
  default     = "failoverVirtualIp"
}

variable "members" {
  description = "Who moves the address, by a name of our own: the machines' service account, and the function's where it moves it too."
  type        = map(string)
}

variable "external" {
  description = "Whether a reserved external address is moved as well (switch gcp_access_config)."
  type        = bool
  default     = false
}

variable "find_zones" {
  description = "Whether machines are named without their zone, which is then looked up."
  type        = bool
  default     = false
}
