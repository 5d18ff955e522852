output "page_rules" {
  description = "Ids of the page rules, by site."
  value       = { for name, rule in cloudflare_page_rule.main : name => rule.id }
}

output "redirect_refs" {
  description = "The refs that each zone's list really has."
  value       = { for zone, ruleset in cloudflare_ruleset.redirect : zone => [for rule in ruleset.rules : rule.ref] }
}
