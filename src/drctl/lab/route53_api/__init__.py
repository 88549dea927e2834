"""A Route 53 stand-in, as strict as the real one: control plane over HTTP, data plane over DNS, one zone store.

Wire shapes are those of the botocore service model; rejections follow the table in the design facts (dns.md 12).
"""
