"""How Ansimnet talks to machines: database, ledger, jobs, HTTP, live sockets, engines, settings. Knows no domain word."""
