# Two sites behind one function: a résumé with a page rule that it always had,
# which returns by hand, and a blog with a redirect rule, as new sites get one,
# which returns by itself. To try it: cp examples/two-sites/two-sites.tfvars terraform.tfvars

project = "gleich-tech"
region  = "us-central1"

sites = {
  resume = {
    public_url  = "https://will.gleich.tech/"
    primary_url = "https://origin.gleich.tech/"
    zone_id     = "023e105f4ecef8ad9ca31a8372d0c353"
    # Only where the record doesn't exist yet: one that does stays as it is.
    public_dns = { type = "A", content = "203.0.113.7" }
    redirect   = { kind = "page_rule" }
    standby    = { host = "will.iam.gleich.tech" }
    expect     = { contains = "Résumé" }
  }

  blog = {
    public_url = "https://blog.gleich.tech/"
    # The same name, but past Cloudflare: straight to the primary's address.
    primary_url     = "https://blog.gleich.tech/"
    primary_connect = "203.0.113.7:443"
    zone_id         = "023e105f4ecef8ad9ca31a8372d0c353"
    # Without a host name of its own it keeps Cloud Run's.
    standby = {
      region    = "us-east1"
      memory    = "256Mi"
      deployers = ["serviceAccount:drone@gleich-tech.iam.gserviceaccount.com"]
    }
    expect   = { contains = "<title>Blog</title>" }
    failback = "automatic"
    well_for = "1h"
  }
}

operators = ["user:alice@gleich.tech"]
emails    = ["alice@gleich.tech"]

# A Raspberry Pi at a friend's looks every 5 s: docs/watch.md. The anchors tell
# it whether its own network is down; take two that are independent.
watchers = ["pi"]
watch    = { anchors = ["https://one.one.one.one/", "tcp://9.9.9.9:53"] }
