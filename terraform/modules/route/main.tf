# What leads visitors to the standby, made switched off: from then on the
# function alone switches it.

resource "cloudflare_page_rule" "main" {
  for_each = var.page_rules

  zone_id  = each.value.zone_id
  target   = each.value.target
  priority = each.value.priority
  status   = "disabled"

  actions = {
    forwarding_url = {
      url = each.value.url
      # Never 301: browsers keep that one, and failback would not be seen.
      status_code = 302
    }
  }

  lifecycle {
    # Switch `cloudflare_page_rule` moves it. Terraform's update sends the whole
    # rule with the status that it last read: plan and apply in one go.
    ignore_changes = [status]
  }
}

# A zone has one list for this phase, which belongs to whoever made it. A zone
# that has one already keeps it: see `redirect.existing`.
resource "cloudflare_ruleset" "redirect" {
  for_each = var.redirect_rules

  zone_id     = each.key
  name        = "${var.name}: to the standby"
  description = "Switched on and off by cloud-failover."
  kind        = "zone"
  phase       = "http_request_dynamic_redirect"

  rules = [
    for rule in each.value : {
      # The function finds the rule by this; its id changes when the list is rewritten.
      ref         = rule.ref
      description = "Leads visitors of ${rule.site} to its standby."
      expression  = rule.expression
      action      = "redirect"
      enabled     = false
      action_parameters = {
        from_value = {
          target_url            = { expression = rule.target }
          status_code           = 302
          preserve_query_string = true
        }
      }
    }
  ]

  lifecycle {
    # Switch `cloudflare_redirect_rule` moves rules[*].enabled. All of the list
    # is left alone, since an index can't be trusted: with a site added before
    # it, another site's rule would get its position. The root checks that no
    # rule is missing.
    ignore_changes = [rules]
  }
}

resource "cloudflare_dns_record" "public" {
  for_each = var.public_records

  zone_id = each.value.zone_id
  name    = each.value.host
  type    = each.value.type
  content = each.value.content
  # 1 is "automatic", the only one that a proxied record has.
  ttl = 1
  # Rules run at Cloudflare's edge: past the proxy there is nothing to redirect.
  proxied = true
  comment = "Primary of ${each.key}, managed by Terraform."
}
