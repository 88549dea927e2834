"""drctl moves a live service to its standby region, and proves what it did."""

__version__ = "0.1.0"
