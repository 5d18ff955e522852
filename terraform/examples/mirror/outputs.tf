output "configuration" {
  description = "The switch as failover.toml has it, the same on both machines."
  value = {
    kind    = "gcp_alias_ip"
    range   = "${local.address}/32"
    primary = local.machine["a"]
    standby = local.machine["b"]
  }
}
