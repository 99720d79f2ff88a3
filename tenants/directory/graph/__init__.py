"""Microsoft Graph, as far as a tenant's people and groups are read from it.

What a tenant enters here is a directory and an application with two permissions, both for reading. A worker asks; what it
brings goes the way of every other change of people.
"""
