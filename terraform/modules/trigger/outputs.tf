output "topics" {
  description = "Full names of the topics, by their short names."
  value       = { for name, topic in google_pubsub_topic.main : name => topic.id }
}
