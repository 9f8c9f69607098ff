"""What runs inside LiteLLM's own process: authentication by the edge's signed context, and the report of each attempt."""
