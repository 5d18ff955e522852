# What Google measures by itself of the guard and of the sites, on one board.
# The page's own figures are for Prometheus: docs/metrics.md.

resource "google_monitoring_dashboard" "main" {
  project = var.project
  dashboard_json = templatefile("${path.module}/dashboard.json.tftpl", {
    name         = var.name
    function     = var.function_service
    page         = var.page_service
    dead_letters = var.dead_letters_subscription
    reconciled   = var.reconciled_metric
  })

  # Google gives it an etag and fills in what is left out, in an order of its own.
  lifecycle {
    ignore_changes       = [dashboard_json]
    replace_triggered_by = [terraform_data.drawn]
  }
}

# So a new drawing replaces it, and nobody's click in the console is undone.
resource "terraform_data" "drawn" {
  input = sha256(join("", [filesha256("${path.module}/dashboard.json.tftpl"), var.name, var.function_service, var.page_service]))
}
