"""Composition root: settings, engines, slices, the command line."""
