variable "project" {
  description = "Project of the bucket."
  type        = string
}

variable "bucket" {
  description = "The bucket's name, unique in all of Cloud Storage."
  type        = string
}

variable "location" {
  description = "A multi-region or a dual-region."
  type        = string
}

variable "retention_days" {
  description = "For how many days an entry can't be deleted by anybody; 0 for no such rule."
  type        = number
}

variable "deletion_protection" {
  description = "Whether the bucket refuses to go while entries are in it."
  type        = bool
}

variable "writer" {
  description = "The function, as an IAM member."
  type        = string
}

variable "writer_role" {
  description = "Custom role to create and read entries."
  type        = string
}

variable "readers" {
  description = "Who may read the history, by a name of our own."
  type        = map(string)
}

variable "reader_role" {
  description = "Custom role to read entries."
  type        = string
}
