# A site with a Worker in front, which asks home first and the closed standby for
# what home can't answer. To try it: cp examples/worker/worker.tfvars terraform.tfvars

project = "gleich-tech"
region  = "us-central1"

sites = {
  shop = {
    public_url  = "https://shop.gleich.tech/"
    primary_url = "https://origin.gleich.tech/"
    zone_id     = "023e105f4ecef8ad9ca31a8372d0c353"
    redirect = {
      kind    = "worker"
      account = "11111111111111111111111111111111"
      always  = true
    }
    expect = { contains = "Shop" }
  }
}
