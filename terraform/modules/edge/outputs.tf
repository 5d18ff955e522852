output "accounts" {
  description = "Accounts that the Workers sign for, by site: each wants a key, given to the site's scripts by hand."
  value       = { for name, account in google_service_account.gate : name => account.email }
}
