"""The use cases of vision."""
