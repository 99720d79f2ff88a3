"""The Graph simulator: answers as Microsoft Graph v1.0 does about the people of one directory, on loopback, and says on its
page that it pretends.

It protects a machine without a Microsoft tenant from needing one, and tests from reaching out. It has no code in common
with the connector it is driven by, knows no real person, and production refuses it (`checks`). SANDBOX.md lists what it
answers and where it differs.
"""
