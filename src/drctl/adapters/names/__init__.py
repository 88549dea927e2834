"""DNS over the wire, through dnspython."""
