"""NATS JetStream behind the datastore port, over raw `$JS.API` JSON.

nats-py's own models drop fields that an update would then reset (2.16, measured), so configurations are read
and written as the server's JSON. Start reading at `datastore.py`.
"""
