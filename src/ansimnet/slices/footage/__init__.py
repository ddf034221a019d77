"""Footage: provisions from one centre to another, the relay, and every look at a stream."""
