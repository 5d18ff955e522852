variable "project" {
  description = "Project of everything here."
  type        = string
}

variable "region" {
  description = "Region of the subnet and of the address."
  type        = string
  default     = "us-central1"
}

variable "image" {
  description = "Boot image of the database machines. Google's images route alias addresses by themselves; others need a local route."
  type        = string
  default     = "debian-cloud/debian-13"
}

variable "machine_type" {
  description = "Of the two database machines."
  type        = string
  default     = "e2-standard-2"
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
  description = "Whether there is an external address that moves too."
  type        = bool
  default     = false
}

variable "journal_bucket" {
  description = "The bucket of the journal, which exists."
  type        = string
}
