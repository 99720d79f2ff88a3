"""A simulator of an Okta organisation, as far as Readmit uses one: a process of its own that checks strictly what it is sent.

Tokens for service applications (private_key_jwt and DPoP), people and groups with their paging and rate limits, authenticator
enrolments, temporary access codes and sessions. It shares no code with what it is asked by, and refuses to be in production.
"""
