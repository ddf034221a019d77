"""Is it one of the few named in an order? Faces at a protected person's door, and nobody else's.

Enrolled templates arrive from the server and live in memory while their order is in force. Every other template exists
in one buffer, is compared, and is overwritten before the next picture (`network`, `gallery`).
"""
