"""The Stripe sandbox: answers the unchanged `stripe` package on loopback, moves no money, and says so on every page.

It protects a machine without keys from needing them, and tests from reaching out. It is no model of Stripe's risk,
tax or payment networks, and production refuses it (`checks`). SANDBOX.md lists what it answers and where it differs.
"""
