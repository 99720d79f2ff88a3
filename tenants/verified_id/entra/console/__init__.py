"""The page of the connection."""
