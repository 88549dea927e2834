"""Topology + intent + inventory -> Plan. Pure."""
