variable "project" {
  description = "Project of the topics."
  type        = string
}

variable "project_number" {
  description = "Its number, by which Google names its service agents."
  type        = string
}

variable "region" {
  description = "Region of the Scheduler jobs."
  type        = string
}

variable "time_zone" {
  description = "Time zone of the daily and the weekly job."
  type        = string
}

variable "names" {
  description = "Names of topics and jobs."
  type = object({
    function     = string
    alerts       = string
    commands     = string
    schedule     = string
    events       = string
    dead_letters = string
  })
}

variable "function_uri" {
  description = "Where the function listens."
  type        = string
}

variable "function_member" {
  description = "The function, as an IAM member."
  type        = string
}

variable "push_account_email" {
  description = "The account whose token a push carries."
  type        = string
}

variable "audience" {
  description = "What that token is made out to."
  type        = string
}

variable "subscription_reader_role" {
  description = "Custom role to read a subscription's settings."
  type        = string
}

variable "commands" {
  description = "Scheduled commands: schedule and message of each."
  type = map(object({
    schedule = string
    message  = string
  }))
}

variable "operators" {
  description = "Who may command, and read events and dead letters, as IAM members."
  type        = set(string)
}

variable "watchers" {
  description = "Watchers by name: id of each one's account, and its subscription of events."
  type = map(object({
    account      = string
    subscription = string
  }))
}

# Apart from who it is: that is known only once its account exists.
variable "page_reports" {
  description = "Whether the page takes reports of monitors and passes them on."
  type        = bool
}

variable "page_member" {
  description = "The page, as an IAM member; null where there is none."
  type        = string
}

variable "reporters" {
  description = "Who may report an outage beside Cloud Monitoring, as IAM members."
  type        = set(string)
}
