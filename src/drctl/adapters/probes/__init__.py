"""Probes that act as a user of the service."""
