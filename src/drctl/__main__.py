"""`python -m drctl` and the `drctl` command."""

from __future__ import annotations

from drctl.cli.main import main

if __name__ == "__main__":
    main()
