"""Whom a verifier believes for one credential query: issuers, their keys, their certificates' anchors.

The caller fills it from its own store. Nothing in a message can add to it, and an empty one trusts nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography import x509

from tenants.verified_id.protocol.certificates import VerifiedChain, verify_chain
from tenants.verified_id.protocol.errors import Refusing, check_lists
from tenants.verified_id.protocol.jws import UnverifiedJws, trusted_key


@dataclass(frozen=True)
class Trust:
    """`issuers` are the expected values of `iss`; `keys` the issuers' public JWKs by `kid`; `anchors` the certificates
    that may vouch for an `x5c` header. `also_called`: other values of `iss` that a DID's own keys may sign for, by the DID:
    an issuer that is known by its certificate as well is one issuer with two names."""

    issuers: tuple[str, ...] = ()
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    anchors: Sequence[x509.Certificate] = ()
    also_called: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_lists(self.issuers)


@dataclass(frozen=True)
class IssuerKey:
    """The key a token must be signed with, and by what it was found."""

    jwk: Mapping[str, str]
    kid: str
    chain: VerifiedChain | None = None


def key_of_issuer(token: UnverifiedJws, trust: Trust, *, now: int, refusing: Refusing) -> IssuerKey:
    """The issuer's key: by a chain up to an anchor of the caller, else by the `kid` of a key of the caller."""
    if trust.anchors and "x5c" in token.header:
        chain = verify_chain(token.header, anchors=trust.anchors, now=now, refusing=refusing)
        return IssuerKey(chain.jwk, f"x5t#{chain.leaf_digest}", chain)
    kid, jwk = trusted_key(token, trust.keys, refusing)
    return IssuerKey(jwk, kid)


def check_issuer(issuer: object, key: IssuerKey, trust: Trust, refusing: Refusing) -> str:
    """SD-JWT VC section 2.5: `iss` is expected and the key is its own."""
    clause = "SD-JWT VC section 2.5"
    if key.chain is not None:
        return _issuer_of_chain(issuer, key.chain, refusing)
    if not isinstance(issuer, str) or issuer not in trust.issuers:
        raise refusing("issuer", clause=clause, found=issuer, expected=sorted(trust.issuers))
    # A DID's key signs for that DID alone; a bare key identifier says nothing, so it may stand for one issuer.
    owner = key.kid.partition("#")[0]
    own_names = (owner, *trust.also_called.get(owner, ()))
    if (issuer not in own_names) if key.kid.startswith("did:") else (len(trust.issuers) != 1):
        raise refusing("issuer_of_key", clause=clause, found=key.kid, expected=issuer)
    return issuer


def _issuer_of_chain(issuer: object, chain: VerifiedChain, refusing: Refusing) -> str:
    """`iss` may be absent; one that is there is a name in the certificate."""
    if issuer is None:
        return min(chain.uris | chain.dns_names, default=chain.leaf_digest)
    if not isinstance(issuer, str) or not chain.speaks_for(issuer):
        raise refusing("issuer_of_key", clause="SD-JWT VC section 2.5", found=issuer)
    return issuer
