"""The API objects: what each takes, how it looks, what happens to it."""
