"""What people read: screens and reports, made from values."""
