"""Microsoft Entra Verified ID, spoken to by its Request Service API.

What a tenant enters here is tried from the page: a token, what it permits, a request for a card and an offer of one. A
recovery does not go this way; cards are issued and checked by the tenant's own authority.
"""
