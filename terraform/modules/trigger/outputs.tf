output "topics" {
  description = "Full names of the topics, by their short names."
  value       = { for name, topic in google_pubsub_topic.main : name => topic.id }
}

output "watcher_accounts" {
  description = "E-mail addresses of the watchers' accounts, by name."
  value       = { for name, account in google_service_account.watcher : name => account.email }
}
