"""The configuration file: its schema, its mistakes, the secrets it refers to."""
