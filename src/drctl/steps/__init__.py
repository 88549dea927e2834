"""One step type a file: check, apply, verify, by_hand."""
