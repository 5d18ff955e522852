# Exactly what moving an address takes, and nothing else. A role's actions count
# only on resources of their kind below the place where it is assigned: so one
# role serves interfaces, subnet, security group and public address, and none of
# its actions reaches anything that isn't named here.

locals {
  # The files that `az role definition create` takes, too: one list for both ways.
  role       = jsondecode(file("${path.module}/role.json"))
  operations = jsondecode(file("${path.module}/operations-role.json"))

  places = merge(
    { for name, id in var.interfaces : "interface-${name}" => id },
    { for name, id in var.joins : "join-${name}" => id },
  )
  grants = { for pair in setproduct(keys(var.principals), keys(local.places)) : join("-", pair) => {
    principal = pair[0]
    place     = pair[1]
  } }
}

resource "azurerm_role_definition" "move" {
  name              = "${local.role.Name}${var.suffix}"
  description       = local.role.Description
  scope             = var.subscription
  assignable_scopes = [var.subscription]

  permissions {
    actions = local.role.Actions
  }
}

# An update's operation is no part of the interface but of the subscription, and
# reading it is all that this one allows.
resource "azurerm_role_definition" "operations" {
  count = var.follow_operations ? 1 : 0

  name              = "${local.operations.Name}${var.suffix}"
  description       = local.operations.Description
  scope             = var.subscription
  assignable_scopes = [var.subscription]

  permissions {
    actions = local.operations.Actions
  }
}

resource "azurerm_role_assignment" "move" {
  for_each = local.grants

  scope              = local.places[each.value.place]
  role_definition_id = azurerm_role_definition.move.role_definition_resource_id
  principal_id       = var.principals[each.value.principal]
  principal_type     = "ServicePrincipal"
}

resource "azurerm_role_assignment" "operations" {
  for_each = var.follow_operations ? var.principals : {}

  scope              = var.subscription
  role_definition_id = azurerm_role_definition.operations[0].role_definition_resource_id
  principal_id       = each.value
  principal_type     = "ServicePrincipal"
}
