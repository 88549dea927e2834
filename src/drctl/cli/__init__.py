"""Typer commands, prompts, signals, exit codes, and the composition root."""
