output "role" {
  description = "Id of the custom role that moves the address."
  value       = azurerm_role_definition.move.role_definition_resource_id
}
