# A mirror pair in a private subnet. The private address 10.0.0.250 belongs to
# whichever of the two is primary, and so does a public address, if asked for.

locals {
  pair    = { a = "1", b = "2" }
  address = cidrhost(one(azurerm_subnet.main.address_prefixes), 250)
  virtual = "vip"

  # Azure moves the address between the interfaces; that a machine takes it for
  # its own is the machine's business, and so both always do.
  network = { version = 2, ethernets = { eth0 = { addresses = ["${local.address}/32"] } } }
  cloud_config = {
    write_files = [{
      path        = "/etc/netplan/60-failover.yaml"
      permissions = "0600"
      content     = yamlencode({ network = local.network })
    }]
    runcmd = ["netplan apply"]
  }
}

resource "azurerm_resource_group" "main" {
  name     = "db"
  location = var.location
}

resource "azurerm_virtual_network" "main" {
  name                = "db"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  address_space       = ["10.0.0.0/24"]
}

resource "azurerm_subnet" "main" {
  name                            = "db"
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = ["10.0.0.0/24"]
  default_outbound_access_enabled = false
}

# On the subnet, and not on the interfaces: what they don't join, nobody needs a
# permission for.
resource "azurerm_network_security_group" "main" {
  name                = "db"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
}

resource "azurerm_network_security_rule" "clients" {
  name                        = "clients"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.main.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefixes     = var.clients
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_ranges     = var.ports
}

resource "azurerm_network_security_rule" "others" {
  name                        = "others"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.main.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "*"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

resource "azurerm_subnet_network_security_group_association" "main" {
  subnet_id                 = azurerm_subnet.main.id
  network_security_group_id = azurerm_network_security_group.main.id
}

# The way out to management.azure.com, which moves the address.
resource "azurerm_public_ip" "outbound" {
  name                = "db-outbound"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  allocation_method   = "Static"
  sku                 = "Standard"
}

resource "azurerm_nat_gateway" "main" {
  name                = "db"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  sku_name            = "Standard"
}

resource "azurerm_nat_gateway_public_ip_association" "main" {
  nat_gateway_id       = azurerm_nat_gateway.main.id
  public_ip_address_id = azurerm_public_ip.outbound.id
}

resource "azurerm_subnet_nat_gateway_association" "main" {
  subnet_id      = azurerm_subnet.main.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}

resource "azurerm_public_ip" "virtual" {
  count = var.external ? 1 : 0

  name                = "db-public"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = ["1", "2", "3"]
}

resource "azurerm_network_interface" "db" {
  #checkov:skip=CKV_AZURE_119:The public address is what moves, and only where it is asked for.
  for_each = local.pair

  name                = "db-${each.key}"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location

  ip_configuration {
    name                          = "own"
    primary                       = true
    subnet_id                     = azurerm_subnet.main.id
    private_ip_address_allocation = "Dynamic"
  }

  dynamic "ip_configuration" {
    for_each = each.key == "a" ? [local.virtual] : []
    content {
      name                          = ip_configuration.value
      subnet_id                     = azurerm_subnet.main.id
      private_ip_address_allocation = "Static"
      private_ip_address            = local.address
      public_ip_address_id          = one(azurerm_public_ip.virtual[*].id)
    }
  }

  # Switch `azure_ip_configuration`: who has the address is the mirror's business
  # from now on.
  lifecycle {
    ignore_changes = [ip_configuration]
  }
}

# Whoever moves the address: both machines, and the function where it does.
resource "azurerm_user_assigned_identity" "db" {
  name                = "db-mirror"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
}

# Google vouches for the function: no secret of Azure's is kept anywhere.
resource "azurerm_federated_identity_credential" "function" {
  count = var.function_account == null ? 0 : 1

  name                = "function"
  resource_group_name = azurerm_resource_group.main.name
  parent_id           = azurerm_user_assigned_identity.db.id
  issuer              = "https://accounts.google.com"
  subject             = var.function_account
  audience            = ["api://AzureADTokenExchange"]
}

module "virtual_ip" {
  source       = "../../modules/azure-virtual-ip"
  subscription = "/subscriptions/${var.subscription_id}"
  interfaces   = { for name, interface in azurerm_network_interface.db : name => interface.id }
  joins = merge(
    { subnet = azurerm_subnet.main.id },
    { for address in azurerm_public_ip.virtual : "public" => address.id },
  )
  principals = { db = azurerm_user_assigned_identity.db.principal_id }
}

resource "azurerm_linux_virtual_machine" "db" {
  for_each = local.pair

  name                            = "db-${each.key}"
  resource_group_name             = azurerm_resource_group.main.name
  location                        = azurerm_resource_group.main.location
  zone                            = each.value
  size                            = var.machine_size
  network_interface_ids           = [azurerm_network_interface.db[each.key].id]
  admin_username                  = "dba"
  disable_password_authentication = true
  allow_extension_operations      = false
  secure_boot_enabled             = true
  vtpm_enabled                    = true

  custom_data = base64encode(join("\n", ["#cloud-config", yamlencode(local.cloud_config)]))

  admin_ssh_key {
    username   = "dba"
    public_key = var.ssh_key
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.db.id]
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }
}
