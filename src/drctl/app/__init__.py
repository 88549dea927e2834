"""Use cases: gather, preview, execute, report, status, verify, watch."""
