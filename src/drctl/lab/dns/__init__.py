"""DNS over the wire: authoritative servers, and a caching resolver before them. dnspython messages, asyncio."""
