"""Zones on a server of one's own (BIND, Knot, PowerDNS), changed by RFC 2136 updates through dnspython."""
