"""The written contract for a vendor that somebody brings, and the test a vendor runs against its own provider."""
