"""What a client asks for, from its `claims` parameter (OpenID Connect Core 1.0, 5.5; OpenID Connect for Identity Assurance 1.0, 6).

Pure. Protects whoever reads our answer from more than it says: what no partner proves is refused where it was asked for with a
value, and never answered as if it had been compared. What it does not do: compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from portal.kit.bodies import is_plain, read_once
from vendors.bridge.errors import OAuthError, invalid_request

FRAMEWORK = "IDV-DELEGATED"
VERIFIED, FAILED = "VERIFIED", "FAILED"
NAMES = ("given_name", "family_name")
BIRTHDATE = "birthdate"
SUPPORTED = (*NAMES, BIRTHDATE)
MAX_CLAIMS = 16_384
MAX_DEPTH = 12
MAX_ENTRIES = 5
MAX_MEMBERS = 40
MAX_VALUE = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """`framework` as the client spells it. `values`: what a claim has to agree with; `fuzzy`: where it may differ as names on
    documents do. `as_list`: the client asked with an array, and is answered with one."""

    framework: str
    as_list: bool
    names: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    fuzzy: tuple[str, ...] = ()
    with_document: bool = False

    def to_object(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_object(cls, value: Mapping[str, Any]) -> Asked:
        return cls(
            framework=value["framework"],
            as_list=value["as_list"],
            names=tuple(value["names"]),
            values=dict(value["values"]),
            fuzzy=tuple(value["fuzzy"]),
            with_document=value["with_document"],
        )


def read_claims(unverified: object, *, allowed: Sequence[str], has_to_compare: bool) -> Asked:
    """`allowed`: what the client may be told beside the names. `has_to_compare`: the client believes our level alone, so it
    has to say whom it means. OAuthError("invalid_request") for what cannot be answered as it was asked."""
    wanted = _object(_parsed(unverified).get("id_token"), "claims.id_token")
    told = wanted.get("verified_claims")
    entries = told if isinstance(told, list) else [told]
    if not 0 < len(entries) <= MAX_ENTRIES:
        raise invalid_request("Ask for verified_claims in claims.id_token, once.")
    fitting = [found for found in (_entry(entry) for entry in entries) if found is not None]
    if not fitting:
        raise invalid_request(
            f"The trust framework here is {FRAMEWORK}, and its assurance level {VERIFIED}.", why="framework"
        )
    framework, verification, claims = fitting[0]
    names, values, fuzzy = _claims(claims, allowed)
    if has_to_compare and not set(NAMES) <= set(values):
        raise invalid_request(
            "given_name and family_name need a value: whom do you mean?", why="nobody_meant"
        )
    return Asked(
        framework=framework,
        as_list=isinstance(told, list),
        names=names,
        values=values,
        fuzzy=fuzzy,
        with_document="document" in allowed and verification.get("evidence") is not None,
    )


def _parsed(unverified: object) -> Mapping[str, Any]:
    """Text of a form, or the object of a JSON body."""
    value = unverified
    if isinstance(unverified, str):
        if len(unverified) > MAX_CLAIMS:
            raise invalid_request("claims is too long.", why="claims_too_long")
        try:
            value = read_once(unverified)
        except (ValueError, RecursionError) as error:
            raise invalid_request(
                "claims is no JSON, or says something twice.", why="claims_not_json"
            ) from error
    if not is_plain(value, MAX_DEPTH):
        raise invalid_request("claims is nested too deep, or holds what is no text.", why="claims_not_plain")
    return _object(value, "claims")


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or len(value) > MAX_MEMBERS:
        raise invalid_request(f"{name} has to be a JSON object.", why="claims_shape")
    return value


def _entry(value: object) -> tuple[str, Mapping[str, Any], Mapping[str, Any]] | None:
    """(framework, verification, claims) of one that can be met; None for one that cannot."""
    entry = _object(value, "verified_claims")
    verification = _object(entry.get("verification"), "verification")
    framework = _chosen(verification.get("trust_framework"), _is_framework, FRAMEWORK)
    level = _chosen(verification.get("assurance_level"), lambda word: word == VERIFIED, VERIFIED)
    if framework is None or level is None:
        return None
    return framework, verification, _object(entry.get("claims"), "verified_claims.claims")


def _is_framework(word: object) -> bool:
    """Its own guide spells it both ways."""
    return isinstance(word, str) and word.replace("_", "-") == FRAMEWORK


def _chosen(asked: object, fits: Any, usual: str) -> str | None:
    """By `value` or `values` (section 6.3.1); `usual` where nothing particular is asked for; None where nothing fits."""
    if asked is None:
        return usual
    given = _object(asked, "verification")
    options = given["values"] if isinstance(given.get("values"), list) else [given.get("value")]
    if options == [None]:
        return usual
    return next((str(word) for word in options if fits(word)), None)


def _claims(
    claims: Mapping[str, Any], allowed: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, str], tuple[str, ...]]:
    """(names, values, fuzzy). What we do not have is left out, unless the client counts on it."""
    names, values, fuzzy = list[str](), dict[str, str](), list[str]()
    for name, asked in claims.items():
        if name not in (*NAMES, *(each for each in allowed if each == BIRTHDATE)):
            if _counts_on(asked):
                raise _not_proven(name)
            continue
        names.append(name)
        value = _value(name, asked)
        if value is not None:
            values[name] = value
            if isinstance(asked, dict) and asked.get("fuzzy") not in (None, False):
                fuzzy.append(name)
    if not set(NAMES) <= set(names):
        raise invalid_request("Ask for given_name and family_name.", why="names_missing")
    if 0 < len(set(NAMES) & set(values)) < len(NAMES):
        raise invalid_request("Give a value for both names, or for none.", why="one_name_alone")
    return tuple(names), values, tuple(fuzzy)


def _not_proven(name: str) -> OAuthError:
    shown = name if name.isascii() and name.isidentifier() and len(name) <= 40 else "A claim"
    return invalid_request(
        f"{shown} is not proven here for this client: leave it out, or ask for it without a value.",
        why="not_proven",
    )


def _counts_on(asked: object) -> bool:
    """It is essential, or is to be compared: `value`, `values`, or in Okta's other spelling `fuzzy` with the value in it. Claims
    inside a claim, as of an address, count alike."""
    if not isinstance(asked, dict):
        return False
    if asked.get("essential") is True or any(asked.get(name) is not None for name in ("value", "values")):
        return True
    return isinstance(asked.get("fuzzy"), str) or any(_counts_on(inner) for inner in asked.values())


def _value(name: str, asked: object) -> str | None:
    if asked is None:
        return None
    given = _object(asked, name)
    if given.get("values") is not None:
        raise invalid_request(f"{name}: one value can be compared, not several.", why="several_values")
    value = given.get("value")
    if value is None and isinstance(given.get("fuzzy"), str):
        value = given["fuzzy"]
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_VALUE or not value.isprintable():
        raise invalid_request(
            f"{name}: the value has to be text of at most {MAX_VALUE} characters.", why="value"
        )
    if name == BIRTHDATE:
        _whole_date(value)
    return value


def _whole_date(value: str) -> None:
    """OpenID Connect Core 5.1 lets the year be left out; nobody can be told apart by the rest."""
    try:
        if len(value) != 10:
            raise ValueError(value)
        date.fromisoformat(value)
    except ValueError as error:
        raise invalid_request("birthdate has to be YYYY-MM-DD.", why="birthdate") from error
