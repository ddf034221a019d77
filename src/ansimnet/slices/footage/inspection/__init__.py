"""Checks every camera by its own pictures: measures, judges, opens and closes repair tickets. Keeps numbers alone."""
