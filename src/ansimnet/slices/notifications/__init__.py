"""Channels and delivery with acknowledgement and fallback; knows addresses, never reasons."""
