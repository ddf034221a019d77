"""Rows and keys of tracing."""
