"""The token endpoint and the Request Service API."""
