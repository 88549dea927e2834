"""Stand-ins for what Route 53's health checks follow: an object in S3, and a recovery cluster's routing controls."""
