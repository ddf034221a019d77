"""The city that lies: a seeded district whose devices, cameras and callers err the way real ones do."""
