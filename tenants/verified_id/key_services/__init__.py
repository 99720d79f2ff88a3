"""Where private keys rest: sealed in our database, or at a key service that signs for us."""
