"""Supervision over HTTP: device gateways as plain ASGI routes, and the routes of screens."""
