# Needs the provider's program, or tests/terraform/check_mirrors.py in its place.

mock_provider "azurerm" {}

variables {
  subscription = "/subscriptions/6f7a1c1e-2d3b-4c5d-8e9f-0a1b2c3d4e5f"
  interfaces = {
    a = "/subscriptions/6f7a1c1e-2d3b-4c5d-8e9f-0a1b2c3d4e5f/resourceGroups/db/providers/Microsoft.Network/networkInterfaces/db-a"
    b = "/subscriptions/6f7a1c1e-2d3b-4c5d-8e9f-0a1b2c3d4e5f/resourceGroups/db/providers/Microsoft.Network/networkInterfaces/db-b"
  }
  joins = {
    subnet = "/subscriptions/6f7a1c1e-2d3b-4c5d-8e9f-0a1b2c3d4e5f/resourceGroups/db/providers/Microsoft.Network/virtualNetworks/db/subnets/db"
  }
  principals = { a = "11111111-2222-4333-8444-555555555555", b = "66666666-7777-4888-8999-aaaaaaaaaaaa" }
}

run "the_role_holds_what_its_file_lists" {
  command = plan

  assert {
    condition     = jsonencode(azurerm_role_definition.move.permissions[0].actions) == jsonencode(jsondecode(file("role.json")).Actions)
    error_message = "One list for both ways."
  }

  assert {
    condition     = azurerm_role_definition.move.permissions[0].not_actions == null && azurerm_role_definition.move.permissions[0].data_actions == null
    error_message = "And nothing besides."
  }

  assert {
    condition     = !anytrue([for action in azurerm_role_definition.move.permissions[0].actions : strcontains(action, "*") || endswith(action, "/delete")])
    error_message = "Nothing is deleted, and no action stands for others."
  }
}

run "it_is_granted_on_what_is_named_and_nowhere_else" {
  command = plan

  assert {
    condition     = toset([for grant in azurerm_role_assignment.move : grant.scope]) == toset(concat(values(var.interfaces), values(var.joins)))
    error_message = "Two interfaces and a subnet."
  }

  assert {
    condition     = length(azurerm_role_assignment.move) == 6 && alltrue([for grant in azurerm_role_assignment.move : grant.principal_type == "ServicePrincipal"])
    error_message = "Three places for each of two machines."
  }
}

run "of_the_subscription_operations_are_read_and_nothing_else" {
  command = plan

  assert {
    condition     = jsonencode(azurerm_role_definition.operations[0].permissions[0].actions) == jsonencode(["Microsoft.Network/locations/operations/read"])
    error_message = "The only thing that is granted on a whole subscription."
  }

  assert {
    condition     = alltrue([for grant in azurerm_role_assignment.operations : grant.scope == var.subscription]) && length(azurerm_role_assignment.operations) == 2
    error_message = "Operations belong to the subscription."
  }
}

run "nothing_is_granted_on_the_subscription_where_that_is_not_wanted" {
  command = plan
  variables {
    follow_operations = false
  }

  assert {
    condition     = length(azurerm_role_definition.operations) == 0 && length(azurerm_role_assignment.operations) == 0
    error_message = "The interfaces are asked instead."
  }
}

run "a_second_pair_has_roles_of_its_own" {
  command = plan
  variables {
    suffix = " (crm)"
  }

  assert {
    condition     = endswith(azurerm_role_definition.move.name, " (crm)") && endswith(azurerm_role_definition.operations[0].name, " (crm)")
    error_message = "A role's name is unique in a tenant."
  }
}

run "an_address_moves_between_two_interfaces" {
  command = plan
  variables {
    interfaces = { a = "/subscriptions/6f7a1c1e-2d3b-4c5d-8e9f-0a1b2c3d4e5f/resourceGroups/db/providers/Microsoft.Network/networkInterfaces/db-a" }
  }
  expect_failures = [var.interfaces]
}

run "a_subscription_is_written_as_azure_writes_it" {
  command = plan
  variables {
    subscription = "6f7a1c1e-2d3b-4c5d-8e9f-0a1b2c3d4e5f"
  }
  expect_failures = [var.subscription]
}
