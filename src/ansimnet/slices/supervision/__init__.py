"""Wearers, their conditions, their fixes, and the alarms that follow. See README.md."""
