"""Cloudflare through its own SDK: DNS records by value. Load balancers and proxied records are refused."""
