# No provider: everything in here can be tested without an account, a plugin or a network.
terraform {
  required_version = ">= 1.11"
}
