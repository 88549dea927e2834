"""A Cloudflare stand-in, as strict as the real one: its API over HTTP, its zone over DNS, one store.

Shapes are those of the real API as recorded by others, and of its own SDK (dns.md 13). Where neither says how the
real service refuses something, the comment beside it says `unverified`.
"""
