"""What the core needs of the outside, split into readers, probes and writers.

Every method may raise the kinds of `drctl.core.errors` that its docstring names, and no vendor's own.
"""
