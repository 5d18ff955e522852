variable "project" {
  description = "Google Cloud project that holds the function, the journal, the checks and the standbys."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is a project's id, such as \"gleich-tech\": 6 to 30 lower-case letters, digits and hyphens. Its number and its display name are something else."
  }
}

variable "region" {
  description = "Region of the function, and of a standby that names none."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is a region such as \"us-central1\", without a zone's letter."
  }
}

variable "name" {
  description = "What the names of all resources begin with."
  type        = string
  default     = "failover"

  validation {
    # The longest name made from it is that of a service account, which ends at 30 characters.
    condition     = can(regex("^[a-z][a-z0-9-]{1,17}[a-z0-9]$", var.name))
    error_message = "name is 3 to 19 lower-case letters, digits and hyphens, beginning with a letter: \"failover\"."
  }
}

variable "redirect_kind" {
  description = "What redirects visitors, for a site that doesn't say: \"redirect_rule\" (a Single Redirect) or \"page_rule\"."
  type        = string
  default     = "redirect_rule"

  validation {
    condition     = contains(["page_rule", "redirect_rule"], var.redirect_kind)
    error_message = "redirect_kind is \"page_rule\" or \"redirect_rule\"."
  }
}

# The shape is repeated in the root's variables.tf, since Terraform can't share a type;
# tests/terraform/check_schema.py keeps the two equal.
variable "sites" {
  description = "The sites to guard, by name. The root's README describes every key."
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

  validation {
    condition     = length(var.sites) > 0
    error_message = "sites is empty: there is nothing to guard."
  }

  validation {
    condition     = alltrue([for name in keys(var.sites) : can(regex("^[a-z][a-z0-9-]{0,39}$", name))])
    error_message = "A site's name is 1 to 40 lower-case letters, digits and hyphens, beginning with a letter: \"resume\"."
  }

  validation {
    condition     = alltrue([for site in var.sites : can(regex("^https://[a-z0-9-]+(\\.[a-z0-9-]+)+(:[0-9]+)?/[^?#]*$", site.public_url))])
    error_message = "public_url is what visitors type, with https://, in lower case, ending in a path: \"https://will.gleich.tech/\"."
  }

  validation {
    # A rule redirects all visitors of a host name; two sites behind one name would move together.
    condition     = length(distinct([for site in var.sites : split("/", site.public_url)[2]])) == length(var.sites)
    error_message = "Two sites have the same public host name. A redirect moves a whole host name, so they can't be guarded apart."
  }

  validation {
    condition = alltrue([
      for site in var.sites : site.primary_url == null || can(regex("^https?://[a-z0-9.-]+(:[0-9]+)?/[^?#]*$", coalesce(site.primary_url, "-")))
    ])
    error_message = "primary_url reaches the primary past the redirect, and ends in a path: \"https://origin.gleich.tech/\"."
  }

  validation {
    # Behind the redirect it would be answered by the standby, and failback would believe it.
    condition = alltrue([
      for site in var.sites : site.primary_url == null || site.primary_connect != null ||
      try(split("/", site.primary_url)[2] != split("/", site.public_url)[2], true)
    ])
    error_message = "primary_url has the public host name, which the redirect catches. Give it a second host name, or primary_connect with the primary's own address."
  }

  validation {
    condition = alltrue([
      for site in var.sites : site.primary_connect == null || (
        try(split("/", site.primary_url)[2] == split("/", site.public_url)[2], false) && can(regex("^[^/ ]+:[0-9]{1,5}$", coalesce(site.primary_connect, "-")))
      )
    ])
    error_message = "primary_connect is \"address:port\", such as \"203.0.113.7:443\", and goes with a primary_url of the public host name."
  }

  validation {
    condition     = alltrue([for site in var.sites : can(regex("^[0-9a-f]{32}$", site.zone_id))])
    error_message = "zone_id is the Cloudflare zone's id, 32 hexadecimal digits; the zone's overview page shows it."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.standby.zone_id == null || can(regex("^[0-9a-f]{32}$", coalesce(site.standby.zone_id, "-")))])
    error_message = "standby.zone_id is the id of the Cloudflare zone of the standby's host name, 32 hexadecimal digits."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.public_dns == null || contains(["A", "AAAA", "CNAME"], try(site.public_dns.type, "A"))])
    error_message = "public_dns.type is \"A\", \"AAAA\" or \"CNAME\"."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.redirect.kind == null || contains(["page_rule", "redirect_rule", "worker"], coalesce(site.redirect.kind, "page_rule"))])
    error_message = "redirect.kind is \"page_rule\", \"redirect_rule\" or \"worker\"."
  }

  validation {
    condition     = alltrue([for site in var.sites : coalesce(site.redirect.kind, "page_rule") == "worker" ? can(regex("^[0-9a-f]{32}$", site.redirect.account)) : site.redirect.account == null && !site.redirect.always])
    error_message = "redirect.account is the id of the Cloudflare account of a Worker's scripts, 32 hexadecimal digits: wanted for kind \"worker\", as redirect.always is for it alone."
  }

  validation {
    # A token is made out to the service's own URL, and Cloud Run believes no other.
    condition     = alltrue([for site in var.sites : !(coalesce(site.redirect.kind, "page_rule") == "worker" && site.standby.host != null)])
    error_message = "standby.host has no use behind a Worker, which calls the service by its own URL."
  }

  validation {
    condition     = alltrue([for site in var.sites : !(coalesce(site.redirect.kind, "page_rule") == "worker" && site.redirect.existing != null)])
    error_message = "redirect.existing is the id of a page rule or the ref of a redirect rule; a Worker's route is made here."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.redirect.existing == null || can(regex("^[0-9A-Za-z_-]{1,64}$", coalesce(site.redirect.existing, "-")))])
    error_message = "redirect.existing is the id of a page rule, or the ref of a redirect rule, that somebody else made."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.redirect.priority >= 1 && floor(site.redirect.priority) == site.redirect.priority])
    error_message = "redirect.priority is a whole number from 1; of the page rules that match, only the highest runs."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.standby.host == null || can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+){2,}$", coalesce(site.standby.host, "-")))])
    error_message = "standby.host is a name below a domain, such as \"will.iam.gleich.tech\": it becomes a CNAME, which a bare domain can't be."
  }

  validation {
    # The redirect would catch its own target and never end.
    condition     = alltrue([for site in var.sites : site.standby.host == null || try(split(":", split("/", site.public_url)[2])[0] != site.standby.host, true)])
    error_message = "standby.host is the public host name: the redirect would lead to itself."
  }

  validation {
    condition     = length(distinct([for site in var.sites : site.standby.host if site.standby.host != null])) == length([for site in var.sites : site.standby.host if site.standby.host != null])
    error_message = "Two sites have the same standby.host."
  }

  validation {
    condition     = alltrue([for name, site in var.sites : can(regex("^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", coalesce(site.standby.service, name)))])
    error_message = "standby.service (the site's name, unless given) is a Cloud Run service: up to 49 lower-case letters, digits and hyphens, not ending in a hyphen."
  }

  validation {
    # The function opens the standby: of one that two sites share, neither could close it.
    condition = length(distinct([
      for name, site in var.sites : "${coalesce(site.standby.region, var.region)}/${coalesce(site.standby.service, name)}"
    ])) == length(var.sites)
    error_message = "Two sites have the same standby service: no two switches may name the same thing."
  }

  validation {
    condition     = alltrue([for name, site in var.sites : !contains([var.name, "${var.name}-page"], coalesce(site.standby.service, name))])
    error_message = "A standby service has the name of the function's own service or of its page; choose another standby.service, or another name."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.standby.region == null || can(regex("^[a-z]+-[a-z]+[0-9]+$", coalesce(site.standby.region, "-")))])
    error_message = "standby.region is a region such as \"us-central1\"."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.standby.port >= 1 && site.standby.port <= 65535 && floor(site.standby.port) == site.standby.port])
    error_message = "standby.port is the port that the standby's container listens on, 1 to 65535."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.standby.max_instances >= 1 && site.standby.max_instances <= 100 && floor(site.standby.max_instances) == site.standby.max_instances])
    error_message = "standby.max_instances is a whole number from 1 to 100; 2 keeps an open standby cheap."
  }

  validation {
    condition     = alltrue([for site in var.sites : contains(["all_users", "iam_check"], site.standby.gate)])
    error_message = "standby.gate is \"all_users\", or \"iam_check\" where an organisation refuses allUsers."
  }

  validation {
    condition     = alltrue(flatten([for site in var.sites : [for member in site.standby.deployers : can(regex("^(user|group|serviceAccount|principal|principalSet):.+$", member))]]))
    error_message = "standby.deployers are IAM members, such as \"serviceAccount:drone@gleich-tech.iam.gserviceaccount.com\"."
  }

  validation {
    condition = alltrue(flatten([
      for site in var.sites : [for region in site.uptime.regions : contains(["ASIA_PACIFIC", "EUROPE", "SOUTH_AMERICA", "USA", "USA_IOWA", "USA_OREGON", "USA_VIRGINIA"], region)]
    ]))
    error_message = "uptime.regions are of ASIA_PACIFIC, EUROPE, SOUTH_AMERICA, USA, USA_IOWA, USA_OREGON and USA_VIRGINIA."
  }

  validation {
    # USA alone stands for three places; every other region for one.
    condition     = alltrue([for site in var.sites : sum(concat([0], [for region in site.uptime.regions : region == "USA" ? 3 : 1])) >= 3])
    error_message = "uptime.regions name fewer than three places, which Monitoring refuses. USA counts as three."
  }

  validation {
    condition = alltrue([
      for site in var.sites : site.uptime.silent_regions >= 1 && floor(site.uptime.silent_regions) == site.uptime.silent_regions &&
      site.uptime.silent_regions <= sum(concat([0], [for region in site.uptime.regions : region == "USA" ? 3 : 1]))
    ])
    error_message = "uptime.silent_regions is how many places must miss the site at once: a whole number from 1 to the number of places asked."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.uptime.timeout_seconds >= 1 && site.uptime.timeout_seconds <= 60 && floor(site.uptime.timeout_seconds) == site.uptime.timeout_seconds])
    error_message = "uptime.timeout_seconds is a whole number from 1 to 60."
  }

  validation {
    # Without it Cloudflare's own error page, or a parked domain, would pass for the site.
    condition     = alltrue([for site in var.sites : length(site.expect.contains) > 0 && length(site.expect.contains) <= 1024])
    error_message = "expect.contains is a piece of the site's own text, 1 to 1024 characters: it tells the site from an error page."
  }

  validation {
    condition = alltrue([
      for site in var.sites : site.expect.status >= 100 && site.expect.status <= 599 && floor(site.expect.status) == site.expect.status &&
      try(site.standby_expect.status >= 100 && site.standby_expect.status <= 599 && floor(site.standby_expect.status) == site.standby_expect.status, true)
    ])
    error_message = "expect.status and standby_expect.status are HTTP status codes, such as 200."
  }

  validation {
    condition     = alltrue(flatten([for site in var.sites : [for policy in site.policies : can(regex("^projects/[^/]+/alertPolicies/[0-9]+$", policy))]]))
    error_message = "policies are names of alert policies: \"projects/gleich-tech/alertPolicies/12942885046098191375\"."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.order == null || contains(["standby_first", "together"], coalesce(site.order, "-"))])
    error_message = "order is \"standby_first\" or \"together\"."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.approve == null || contains(["automatic", "operator"], coalesce(site.approve, "-"))])
    error_message = "approve is \"automatic\" or \"operator\"."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.failback == null || contains(["manual", "automatic"], coalesce(site.failback, "-"))])
    error_message = "failback is \"manual\" or \"automatic\"."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.failback != "automatic" || site.primary_url != null])
    error_message = "failback = \"automatic\" needs primary_url: without it nothing can tell that the primary is well."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.well_for == null || site.failback == "automatic"])
    error_message = "well_for goes with failback = \"automatic\"."
  }

  validation {
    condition = alltrue(flatten([
      for site in var.sites : [
        for duration in [site.well_for, site.cooldown, site.confirm_within, site.verify_within, site.failback_patience, site.drain] :
        duration == null || can(regex("^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$", coalesce(duration, "0s"))) && duration != ""
      ]
    ]))
    error_message = "A duration is written \"500ms\", \"90s\", \"5m\" or \"1h30m\"."
  }

  validation {
    # cooldown, confirm_within and drain may be nothing at all; these may not.
    condition = alltrue(flatten([
      for site in var.sites : [
        for duration in [site.well_for, site.verify_within, site.failback_patience] : duration == null || can(regex("[1-9]", coalesce(duration, "-")))
      ]
    ]))
    error_message = "well_for, verify_within and failback_patience are longer than nothing."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.moves_per_day == null || try(site.moves_per_day >= 1 && site.moves_per_day <= 1000 && floor(site.moves_per_day) == site.moves_per_day, false)])
    error_message = "moves_per_day is a whole number from 1 to 1000; approve = \"operator\" is what leaves every failover to an operator."
  }
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

  validation {
    condition = alltrue([
      for duration in values(var.timing) :
      duration == null || can(regex("^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$", coalesce(duration, "0s"))) && duration != ""
    ])
    error_message = "A duration is written \"500ms\", \"90s\", \"5m\" or \"1h30m\"."
  }

  validation {
    condition     = alltrue([for duration in values(var.timing) : duration == null || can(regex("[1-9]", coalesce(duration, "-")))])
    error_message = "journal_patience, claim_for, call_timeout and probe_timeout are longer than nothing."
  }
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

  validation {
    condition     = try(var.watch.every, null) == null || can(regex("^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$", try(var.watch.every, "-"))) && can(regex("[1-9]", try(var.watch.every, "-")))
    error_message = "watch.every is a duration such as \"5s\"."
  }

  validation {
    condition = alltrue([
      for count in [try(var.watch.threshold, null), try(var.watch.recovery, null), try(var.watch.agree, null)] :
      count == null || try(count >= 1 && count <= 1000 && floor(count) == count, false)
    ])
    error_message = "watch.threshold, watch.recovery and watch.agree are whole numbers from 1 to 1000."
  }
}

variable "watchers" {
  description = "Names of our own watchers (failover watch), each on a machine elsewhere: each gets an account, a subscription of events and a configuration, and the function misses one that falls silent."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for watcher in var.watchers : can(regex("^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$", watcher))])
    error_message = "watchers are names of at most 30 lower-case letters, digits and hyphens, beginning with a letter: \"pi\"."
  }
}

variable "public_page" {
  description = "Whether anybody may see on the page whether sites answer."
  type        = bool
  default     = false
}

variable "webhooks" {
  description = "Where moves are announced, by name: the kind is \"slack\", \"discord\", \"ntfy\" or \"generic\"; or \"ping\", which is called every minute that all is well."
  type = map(object({
    kind = string
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.webhooks) : can(regex("^[a-z][a-z0-9-]{0,29}$", name))])
    error_message = "A webhook's name is up to 30 lower-case letters, digits and hyphens, beginning with a letter."
  }

  validation {
    condition     = alltrue([for webhook in var.webhooks : contains(["slack", "discord", "ntfy", "apprise", "generic", "ping"], webhook.kind)])
    error_message = "A webhook's kind is \"slack\", \"discord\", \"ntfy\", \"apprise\", \"generic\" or \"ping\"."
  }
}

# What the providers named, each known only once it exists. Three variables and
# not one: a page rule leads to a standby's URI, so in one object the rules'
# ids would depend on themselves.

variable "standby_uris" {
  description = "Cloud Run's own URL of each standby, by site."
  type        = map(string)
  default     = {}
}

variable "page_rule_ids" {
  description = "Ids of the page rules, by site."
  type        = map(string)
  default     = {}
}

variable "uptime_check_names" {
  description = "Full names of the uptime checks, by site."
  type        = map(string)
  default     = {}
}
