"""Stand-ins for LiteLLM and the API, for the runner's tests."""
