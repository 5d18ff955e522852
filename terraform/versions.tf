terraform {
  # 1.11 is the first with write-only arguments, which keep tokens out of the state.
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8"
    }
    cloudflare = {
      source = "cloudflare/cloudflare"
      # Before 5.6 a page rule that forwards could be neither created nor imported.
      version = "~> 5.6"
    }
    # Waits where Google takes a minute to believe a grant.
    time = {
      source  = "hashicorp/time"
      version = "~> 0.13"
    }
  }
}
