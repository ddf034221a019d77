"""Engines the product brings along and supervises itself, so that one machine needs nothing installed."""
