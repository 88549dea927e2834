"""Can we fail over now, and would we meet the contracts? One file a group of checks."""
