"""What a provider has to do, each with its clause. The public page and the test read the same list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vendors.contract import gettext_noop as _


class Round(StrEnum):
    """When it can be known: without a person, after a first sign-in, after a second one."""

    ALONE = "alone"
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Requirement:
    code: str
    round: Round
    clause: str
    title: str


REQUIREMENTS = (
    Requirement(
        "metadata", Round.ALONE, "OpenID Connect Discovery 1.0, 4", _("Metadata is found at the issuer.")
    ),
    Requirement(
        "issuer",
        Round.ALONE,
        "OpenID Connect Discovery 1.0, 4.3",
        _("It names the issuer that was asked, to the letter."),
    ),
    Requirement(
        "pushed",
        Round.ALONE,
        "RFC 9126, 5",
        _("It names its endpoints, one for pushed authorization requests among them."),
    ),
    Requirement(
        "pkce", Round.ALONE, "RFC 8414, 2; RFC 7636, 4.2", _("It says that it knows PKCE with S256.")
    ),
    Requirement(
        "names_itself",
        Round.ALONE,
        "RFC 9207, 3",
        _("It says that its answers carry the issuer, against mix-up."),
    ),
    Requirement(
        "keys",
        Round.ALONE,
        "OpenID Connect Core 1.0, 10.1",
        _("Its keys can be read, and one is for ES256, PS256 or RS256."),
    ),
    Requirement(
        "accepts", Round.ALONE, "RFC 9126, 2.2", _("It accepts our request with the client and its secret.")
    ),
    Requirement(
        "refuses_secret",
        Round.ALONE,
        "RFC 9126, 2.3; RFC 6749, 5.2",
        _("It refuses the same request with another secret."),
    ),
    Requirement(
        "refuses_address",
        Round.ALONE,
        "RFC 9126, 2.3; RFC 9700, 4.1.3",
        _("It refuses a return address that is not registered."),
    ),
    Requirement("refuses_code", Round.ALONE, "RFC 6749, 5.2", _("It refuses a code that it never gave out.")),
    Requirement(
        "answer",
        Round.FIRST,
        "RFC 9207, 2.4",
        _("The browser comes back with a code, our state and the issuer."),
    ),
    Requirement(
        "token",
        Round.FIRST,
        "OpenID Connect Core 1.0, 3.1.3.7",
        _(
            "The code is exchanged for an ID Token of the issuer, for this client and this nonce, signed and recent."
        ),
    ),
    Requirement(
        "verified_claims",
        Round.FIRST,
        "OpenID Identity Assurance Schema Definition 1.0, 5",
        _(
            "It holds verified_claims of the framework that was asked for: assurance_level, a time of now, and the names."
        ),
    ),
    Requirement(
        "portrait",
        Round.FIRST,
        "OpenID Attachments 1.0, 3",
        _(
            "A portrait, if there is one, is fetched from the provider's own origin and has the digest in the token."
        ),
    ),
    Requirement("replay", Round.FIRST, "RFC 6749, 4.1.2", _("The same code is not exchanged a second time.")),
    Requirement(
        "verifier", Round.SECOND, "RFC 7636, 4.6", _("A code is not exchanged with another PKCE verifier.")
    ),
)
BY_CODE = {each.code: each for each in REQUIREMENTS}


class Finding(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"  # it could not come about, because something before it failed or was not sent


@dataclass(frozen=True, slots=True)
class Result:
    """`code` says why, in a word of ours; `answered` what the provider said, a code of its protocol."""

    requirement: str
    finding: Finding
    code: str = ""
    answered: str = ""
