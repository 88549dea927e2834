"""Amazon Route 53 through boto3."""
