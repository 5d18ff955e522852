variable "subscription_id" {
  description = "Id of the subscription of everything here."
  type        = string
}

variable "location" {
  description = "Region of everything here. The two machines are in its zones 1 and 2."
  type        = string
  default     = "westeurope"
}

variable "machine_size" {
  description = "Of the two database machines."
  type        = string
  default     = "Standard_D2s_v5"
}

variable "ssh_key" {
  description = "Public key of whoever may log in to the machines."
  type        = string
}

variable "ports" {
  description = "What the machines say to each other and to their clients: superserver, ISCAgent."
  type        = list(string)
  default     = ["1972", "2188"]
}

variable "clients" {
  description = "Ranges that clients connect from."
  type        = list(string)
  default     = ["10.0.0.0/24"]
}

variable "external" {
  description = "Whether there is a public address that moves along."
  type        = bool
  default     = false
}

variable "function_account" {
  description = "Unique id (21 digits) of the Google service account that a function on Cloud Run runs as, where it moves the address too."
  type        = string
  default     = null
}
