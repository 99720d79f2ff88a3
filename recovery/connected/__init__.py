"""Recoveries of accounts that live in another directory: a pass is made there, shown here, and seen to have been used."""
