variable "project" {
  description = "Project of the dashboard."
  type        = string
}

variable "name" {
  description = "What the dashboard is called, and what names begin with."
  type        = string
}

variable "function_service" {
  description = "Name of the function's Cloud Run service."
  type        = string
}

variable "page_service" {
  description = "Name of the page's Cloud Run service."
  type        = string
}

variable "dead_letters_subscription" {
  description = "Short name of the subscription that keeps dead letters."
  type        = string
}

variable "reconciled_metric" {
  description = "Name of the log-based metric that counts rounds of reconcile."
  type        = string
}
