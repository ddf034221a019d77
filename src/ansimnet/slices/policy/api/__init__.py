"""Permits, break-glass, accounts, sessions and the ledger over HTTP."""
