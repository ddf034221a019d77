"""How Ansimnet talks to machines: database, ledger, jobs, HTTP, sockets, engines, settings. Knows no domain word."""
