"""Kubernetes: workloads through the scale subresource, External Secrets through an annotation."""
