output "configuration" {
  description = "The switch as failover.toml has it, the same on both machines."
  value = merge(
    {
      kind          = "azure_ip_configuration"
      configuration = local.virtual
      address       = local.address
      primary       = azurerm_network_interface.db["a"].id
      standby       = azurerm_network_interface.db["b"].id
    },
    { for address in azurerm_public_ip.virtual : "public_ip" => address.id },
  )
}

output "environment" {
  description = "What a function on Cloud Run is given, to move the address as this identity."
  value = {
    AZURE_TENANT_ID = azurerm_user_assigned_identity.db.tenant_id
    AZURE_CLIENT_ID = azurerm_user_assigned_identity.db.client_id
  }
}
