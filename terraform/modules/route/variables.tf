variable "name" {
  description = "What names begin with."
  type        = string
}

variable "page_rules" {
  description = "Page rules to make, by site."
  type = map(object({
    zone_id  = string
    target   = string
    url      = string
    priority = number
  }))
}

variable "redirect_rules" {
  description = "Redirect rules to make, by zone."
  type = map(list(object({
    site       = string
    ref        = string
    expression = string
    target     = string
  })))
}

variable "public_records" {
  description = "Public DNS records to make, by site."
  type = map(object({
    zone_id = string
    host    = string
    type    = string
    content = string
  }))
}
