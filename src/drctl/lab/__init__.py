"""A complete two-region service on this machine, on loopback, without root. Its own world: drctl never imports it."""
