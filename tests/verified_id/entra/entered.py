"""A connection to Microsoft as an administrator types it, and as it is read from the form."""

DIRECTORY = "8c6b7f0e-1d2a-4b3c-9d4e-5f6a7b8c9d0e"
MANIFEST = (
    f"https://verifiedid.did.msidentity.com/v1.0/tenants/{DIRECTORY}"
    "/verifiableCredentials/contracts/MTIzNDU2Nzg=/manifest"
)
GIVEN = {
    "directory": DIRECTORY,
    "client_id": DIRECTORY,
    "authority": "did:web:verifiedid.contoso.com",
    "manifest_url": MANIFEST,
    "credential_type": "VerifiedIdentity",
    "accepted_issuers": ["did:web:verifiedid.contoso.com"],
    "photo_claim": "portrait",
    "authority_id": "",
    "mark_claim": "",
}
TYPED = {**GIVEN, "accepted_issuers": "did:web:verifiedid.contoso.com"}
