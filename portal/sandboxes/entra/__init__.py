"""The Entra simulator: answers as Microsoft Entra Verified ID does, on loopback, and says on every page that it pretends.

It protects a machine without a Microsoft tenant from needing one, and tests from reaching out. It has no code in common
with the adapter it is driven by, knows no real person, judges no face, and production refuses it (`checks`). SANDBOX.md
lists what it answers and where it differs.
"""
