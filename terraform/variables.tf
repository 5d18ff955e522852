variable "project" {
  description = "Google Cloud project that holds the function, the journal, the checks and the standbys."
  type        = string
}

variable "region" {
  description = "Region of the function, and of a standby that names none. One that offers domain mappings, if a standby has a host name of its own."
  type        = string
}

variable "name" {
  description = "What the names of all resources begin with."
  type        = string
  default     = "failover"
}

# Checked, like the four above and below it, by modules/settings, which can be
# tested without a provider; README.md describes every key.
variable "sites" {
  description = "The sites to guard, by name."
  type = map(object({
    public_url      = string
    primary_url     = optional(string)
    primary_connect = optional(string)
    zone_id         = string
    public_dns = optional(object({
      type    = string
      content = string
    }))
    redirect = optional(object({
      kind     = optional(string)
      existing = optional(string)
      priority = optional(number, 1)
      account  = optional(string)
      always   = optional(bool, false)
    }), {})
    standby = optional(object({
      service       = optional(string)
      region        = optional(string)
      host          = optional(string)
      zone_id       = optional(string)
      image         = optional(string, "us-docker.pkg.dev/cloudrun/container/hello")
      port          = optional(number, 8080)
      cpu           = optional(string, "1")
      memory        = optional(string, "512Mi")
      max_instances = optional(number, 2)
      environment   = optional(map(string), {})
      gate          = optional(string, "all_users")
      deployers     = optional(set(string), [])
    }), {})
    uptime = optional(object({
      regions         = optional(set(string), ["ASIA_PACIFIC", "EUROPE", "SOUTH_AMERICA", "USA"])
      timeout_seconds = optional(number, 10)
      silent_regions  = optional(number, 2)
    }), {})
    expect = object({
      status   = optional(number, 200)
      contains = string
    })
    standby_expect = optional(object({
      status   = optional(number, 200)
      contains = optional(string, "")
    }))
    policies          = optional(set(string), [])
    order             = optional(string)
    approve           = optional(string)
    failback          = optional(string)
    well_for          = optional(string)
    repair            = optional(bool)
    cooldown          = optional(string)
    moves_per_day     = optional(number)
    confirm_within    = optional(string)
    verify_within     = optional(string)
    failback_patience = optional(string)
    drain             = optional(string)
  }))
}

variable "redirect_kind" {
  description = "What redirects visitors, for a site that doesn't say: \"redirect_rule\" (a Single Redirect), or \"page_rule\", which Cloudflare calls deprecated."
  type        = string
  default     = "redirect_rule"
}

variable "timing" {
  description = "How long the function waits for others, for all sites. What is left out keeps the function's own default."
  type = object({
    journal_patience = optional(string)
    claim_for        = optional(string)
    call_timeout     = optional(string)
    probe_timeout    = optional(string)
  })
  default = {}
}

variable "watch" {
  description = "Settings of our own prober (failover watch), for those that run one; null leaves the section out."
  type = object({
    every     = optional(string)
    threshold = optional(number)
    recovery  = optional(number)
    agree     = optional(number)
    anchors   = optional(list(string))
  })
  default = null
}

variable "watchers" {
  description = "Names of our own watchers (failover watch), each on a machine elsewhere: each gets an account, a subscription of events and a configuration, and the function misses one that falls silent."
  type        = set(string)
  default     = []
}

variable "webhooks" {
  description = "Where moves are announced, by name: the kind is \"slack\", \"discord\", \"ntfy\", \"apprise\" or \"generic\"; or \"ping\", which is called every minute that all is well. The URLs are in webhook_urls."
  type = map(object({
    kind = string
  }))
  default = {}
}

variable "image" {
  description = "Image that the function and its page begin with. Null takes the one that this configuration was released with (release.json); a checkout has none, and begins with a placeholder that guards nothing."
  type        = string
  default     = null

  validation {
    condition     = var.image == null || can(regex("^[a-z0-9.-]+/[A-Za-z0-9._/-]+((:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?)?$", var.image))
    error_message = "image is an image with its registry, best by digest: \"us-central1-docker.pkg.dev/gleich-tech/failover/failover@sha256:…\"."
  }
}

variable "function_ingress" {
  description = "From where the function can be reached: \"INGRESS_TRAFFIC_INTERNAL_ONLY\" lets Pub/Sub of the same project in, \"INGRESS_TRAFFIC_ALL\" leaves it to IAM alone."
  type        = string
  default     = "INGRESS_TRAFFIC_INTERNAL_ONLY"

  validation {
    condition     = contains(["INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_ALL"], var.function_ingress)
    error_message = "function_ingress is \"INGRESS_TRAFFIC_INTERNAL_ONLY\" or \"INGRESS_TRAFFIC_ALL\"."
  }
}

variable "page" {
  description = "The status page: whether there is one, how it is opened to visitors (\"all_users\", or \"iam_check\" where an organisation refuses allUsers), whether it has a door for monitors (docs/monitors.md), and whether anybody may see /public and /badge.svg, which tell whether sites answer and nothing else."
  type = object({
    enabled  = optional(bool, true)
    gate     = optional(string, "all_users")
    monitors = optional(bool, false)
    public   = optional(bool, false)
  })
  default = {}

  validation {
    condition     = contains(["all_users", "iam_check"], var.page.gate)
    error_message = "page.gate is \"all_users\" or \"iam_check\"."
  }
}

variable "dashboard" {
  description = "Whether Cloud Monitoring gets a board of the sites and of the function (docs/metrics.md)."
  type        = bool
  default     = false
}

variable "cloudflare_token" {
  description = "Cloudflare token that the function switches redirects with (Page Rules or Single Redirect: Edit, for the sites' zones alone). Given by TF_VAR_cloudflare_token; wanted when it is written, and no more afterwards; kept in neither plan nor state."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "cloudflare_token_version" {
  description = "Raise it to write cloudflare_token again. 0 where all of the secret's versions are added by hand: Terraform then lets go of the one that it wrote, and deletes none."
  type        = number
  default     = 1

  validation {
    condition     = var.cloudflare_token_version >= 0 && floor(var.cloudflare_token_version) == var.cloudflare_token_version
    error_message = "cloudflare_token_version is a whole number from 0."
  }
}

variable "cloudflare_read_token" {
  description = "Cloudflare token that the page looks with (the same permissions, Read). Given by TF_VAR_cloudflare_read_token; wanted when it is written, and no more afterwards; kept in neither plan nor state."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "cloudflare_read_token_version" {
  description = "Raise it to write cloudflare_read_token again. 0 where all of the secret's versions are added by hand: Terraform then lets go of the one that it wrote, and deletes none."
  type        = number
  default     = 1

  validation {
    condition     = var.cloudflare_read_token_version >= 0 && floor(var.cloudflare_read_token_version) == var.cloudflare_read_token_version
    error_message = "cloudflare_read_token_version is a whole number from 0."
  }
}

variable "page_key" {
  description = "What the status page asks for: at least 20 random characters. Given by TF_VAR_page_key; wanted when it is written, and no more afterwards; kept in neither plan nor state."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.page_key == null || try(length(var.page_key) >= 20, false)
    error_message = "page_key is at least 20 random characters, such as openssl rand -hex 24 makes."
  }
}

variable "page_key_version" {
  description = "Raise it to write page_key again. 0 where all of the secret's versions are added by hand: Terraform then lets go of the one that it wrote, and deletes none."
  type        = number
  default     = 1

  validation {
    condition     = var.page_key_version >= 0 && floor(var.page_key_version) == var.page_key_version
    error_message = "page_key_version is a whole number from 0."
  }
}

variable "report_key" {
  description = "What monitors show at the page's door: at least 20 random characters. Given by TF_VAR_report_key; wanted when it is written, and no more afterwards; kept in neither plan nor state."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.report_key == null || try(length(var.report_key) >= 20, false)
    error_message = "report_key is at least 20 random characters, such as openssl rand -hex 24 makes."
  }
}

variable "report_key_version" {
  description = "Raise it to write report_key again."
  type        = number
  default     = 1

  validation {
    condition     = var.report_key_version >= 1 && floor(var.report_key_version) == var.report_key_version
    error_message = "report_key_version is a whole number from 1."
  }
}

variable "webhook_urls" {
  description = "URLs of the webhooks, by their names. Given by TF_VAR_webhook_urls; wanted when it is written, and no more afterwards; kept in neither plan nor state."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true
}

variable "webhook_urls_version" {
  description = "Raise it to write webhook_urls again. 0 where all of the secrets' versions are added by hand: Terraform then lets go of those that it wrote, and deletes none."
  type        = number
  default     = 1

  validation {
    condition     = var.webhook_urls_version >= 0 && floor(var.webhook_urls_version) == var.webhook_urls_version
    error_message = "webhook_urls_version is a whole number from 0."
  }
}

variable "operators" {
  description = "Who may command the function, look at everything it looks at, and read the journal, events and dead letters, as IAM members."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group|serviceAccount|principal|principalSet):.+$", member))])
    error_message = "operators are IAM members, such as \"user:alice@gleich.tech\"; never allUsers."
  }
}

variable "reporters" {
  description = "Who may report an outage beside Cloud Monitoring and the watchers (failover report, failover watch with an account of its own), as IAM members. They can't command."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.reporters : can(regex("^(user|group|serviceAccount|principal|principalSet):.+$", member))])
    error_message = "reporters are IAM members, such as \"serviceAccount:watch@gleich-tech.iam.gserviceaccount.com\"; never allUsers."
  }
}

variable "deployers" {
  description = "Who may push images and deploy the function and its page, as IAM members. Who refreshes a standby is in sites[*].standby.deployers."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.deployers : can(regex("^(user|group|serviceAccount|principal|principalSet):.+$", member))])
    error_message = "deployers are IAM members, such as \"serviceAccount:drone@gleich-tech.iam.gserviceaccount.com\"; never allUsers."
  }
}

variable "emails" {
  description = "Addresses that Cloud Monitoring tells of incidents and of dead letters, and the budget of spending."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", email))])
    error_message = "emails are addresses such as \"alice@gleich.tech\"."
  }

  validation {
    # A budget takes no more, and they are the budget's channels too.
    condition     = length(var.emails) <= 5
    error_message = "At most five emails: a budget tells no more than five channels. A group's address reaches as many as you like."
  }
}

variable "journal_location" {
  description = "Multi-region (\"US\", \"EU\", \"ASIA\") or predefined dual-region (such as \"NAM4\") of the journal: it must be readable while one region is down."
  type        = string
  default     = "US"

  validation {
    condition     = contains(["US", "EU", "ASIA", "NAM4", "EUR4", "EUR5", "EUR7", "EUR8", "ASIA1"], var.journal_location)
    error_message = "journal_location is \"US\", \"EU\", \"ASIA\", or a predefined dual-region: NAM4, EUR4, EUR5, EUR7, EUR8, ASIA1."
  }
}

variable "journal_retention_days" {
  description = "For how many days nobody at all can delete a journal entry; 0 for no such rule. It keeps terraform destroy from deleting the bucket, too."
  type        = number
  default     = 0

  validation {
    condition     = var.journal_retention_days >= 0 && var.journal_retention_days <= 36500 && floor(var.journal_retention_days) == var.journal_retention_days
    error_message = "journal_retention_days is a whole number from 0 to 36500."
  }
}

variable "time_zone" {
  description = "Time zone of the daily check and the weekly rehearsal."
  type        = string
  default     = "Etc/UTC"

  validation {
    condition     = can(regex("^[A-Za-z]+(/[A-Za-z0-9_+-]+)+$", var.time_zone))
    error_message = "time_zone is a name of the tz database, such as \"Europe/Berlin\"."
  }
}

variable "scheduler_region" {
  description = "Region of the Scheduler jobs, where region has no Cloud Scheduler; null for region."
  type        = string
  default     = null

  validation {
    condition     = var.scheduler_region == null || can(regex("^[a-z]+-[a-z]+[0-9]+$", var.scheduler_region))
    error_message = "scheduler_region is a region such as \"us-central1\"."
  }
}

variable "budget" {
  description = "Budget of the project, told by email as it is used up; null for none. Whoever applies needs roles/billing.costsManager on the billing account."
  type = object({
    billing_account = string
    amount          = optional(number, 5)
    currency_code   = optional(string)
  })
  default = null

  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", try(var.budget.billing_account, "-")))
    error_message = "budget.billing_account is a billing account's id, such as \"01AB23-45CD67-89EF01\"."
  }

  validation {
    condition     = var.budget == null || try(var.budget.amount >= 1 && floor(var.budget.amount) == var.budget.amount, false)
    error_message = "budget.amount is a whole number from 1, a month's spending in the account's currency."
  }
}

variable "old_pubsub_agent" {
  description = "Whether the project used Pub/Sub before 8 April 2021: its agent then needs leave to sign push tokens."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the services and a journal with entries. Apply with false first, to take everything down."
  type        = bool
  default     = true
}
