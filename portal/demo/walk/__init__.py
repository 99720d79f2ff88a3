"""The whole journey in a real browser, as administrator and as claimant: for people to watch, and as a test."""
