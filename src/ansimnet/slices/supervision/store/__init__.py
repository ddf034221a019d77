"""Supervision's rows. Every function runs in the caller's transaction."""
