"""Incidents, their timeline and procedure, units, agencies, hand-over."""
