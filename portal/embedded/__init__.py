"""Starting the product on one machine: the virtual environment, PostgreSQL, the broker and every process.

Imports nothing of the product. `files`, `install`, `processes` and `data` run on a bare Python, before the
virtual environment exists; the others may use psycopg and redis, which the lock file installs.
"""
