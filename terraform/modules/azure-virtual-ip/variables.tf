variable "subscription" {
  description = "Subscription of everything here: /subscriptions/ and its id."
  type        = string

  validation {
    condition     = can(regex("^/subscriptions/[0-9a-f-]{36}$", var.subscription))
    error_message = "The subscription is written /subscriptions/00000000-0000-0000-0000-000000000000."
  }
}

variable "interfaces" {
  description = "Ids of the two network interfaces, by a name of our own."
  type        = map(string)

  validation {
    condition     = length(var.interfaces) == 2
    error_message = "An address moves between two interfaces."
  }
}

variable "joins" {
  description = "Ids of what the interfaces join, by a name of our own: the subnet; and their public addresses, security groups and backend pools, where they have any."
  type        = map(string)
}

variable "principals" {
  description = "Object ids of who moves the address, by a name of our own: the machines' managed identities, and the function's where it moves it too."
  type        = map(string)
}

variable "suffix" {
  description = "What follows the roles' names, which are unique in a whole tenant: \" (db)\" for a second pair."
  type        = string
  default     = ""
}

variable "follow_operations" {
  description = "Whether an update's operation may be read, in the whole subscription. Otherwise the interface is asked, and why an update failed isn't told."
  type        = bool
  default     = true
}
