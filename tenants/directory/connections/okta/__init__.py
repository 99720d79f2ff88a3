"""Okta, over its management API: a service application with a key of its own, tokens bound to a key, temporary access codes."""
