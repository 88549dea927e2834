"""Vendors end here: one SDK per sub-package, every timeout set, every error translated."""
