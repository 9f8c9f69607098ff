"""Keeps one LiteLLM with the released configuration running. Python's standard library only."""
