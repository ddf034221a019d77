"""Ansimnet (안심망): an alarm becomes a rescue, and every look has a ground, an end and a line in the ledger."""

__version__ = "0.1.0"
