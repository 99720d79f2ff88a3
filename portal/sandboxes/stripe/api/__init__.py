"""The API's own manners: forms in, JSON out, errors, lists, expansion, idempotency."""
