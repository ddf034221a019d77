"""All SQL of the vision slice."""
