"""The staff side of the authority: turning it on, its keys, its domain, its card and what it issued."""
