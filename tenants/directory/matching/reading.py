"""Reading a document and a directory that somebody wrote down in JSON. Pure: text in, people out.

Protects the comparison from what is not meant for it: texts without end, nesting without end, keys given twice, dates that
are none. Every refusal is one sentence that names the field and never repeats what was in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from tenants.directory.matching.comparison import Candidate, OtherName, ProvenIdentity
from tenants.directory.matching.letters import MAX_NAME

MAX_BYTES = 5_000_000
MAX_PEOPLE = 20_000
MAX_LISTED = 50
MAX_NUMBER = 60
_SPACE = UUID("6f1c1a52-7c5f-4b0f-9d3e-0f6b4a5d9c21")
# What other systems call the fields, without case, spaces, hyphens and underscores.
ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("id", "username", "userprincipalname", "upn", "employeenumber"),
    "given_names": ("givennames", "givenname", "firstname", "firstnames", "forenames"),
    "family_name": ("familyname", "lastname", "surname"),
    "name": ("name", "fullname", "displayname"),
    "birthdate": ("birthdate", "dateofbirth", "dob"),
    "document_number": ("documentnumber", "documentid"),
    "document_numbers": ("documentnumbers",),
    "country": ("country", "issuingcountry", "issuingstate"),
    "other_names": ("othernames", "formernames", "previousnames", "preferrednames", "namesinotherscripts"),
    "cut": ("cut", "truncated"),
}
_KNOWN = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ZONE = re.compile(r"[A-Z<]{30,39}")


class Unreadable(ValueError):
    """One sentence for whoever wrote the JSON, and a code for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


@dataclass(frozen=True, slots=True)
class Account:
    """One account with the name it is called by in the answer."""

    label: str
    candidate: Candidate = field(repr=False)


def read_document(text: str) -> ProvenIdentity:
    """What a document says, or Unreadable."""
    fields = _fields(_parsed(text, "document"), "The document")
    given, family = _names(fields, "The document")
    return ProvenIdentity(
        given,
        family,
        _birthdate(fields, "The document"),
        next(iter(_numbers(fields, "The document")), ""),
        is_cut=_flag(fields, "cut", "The document") or _fills_a_zone(fields),
    )


def read_directory(text: str) -> list[Account]:
    """One account, or a list of accounts, or Unreadable."""
    parsed = _parsed(text, "directory")
    entries = parsed if isinstance(parsed, list) else [parsed]
    if not entries:
        raise Unreadable("directory_empty", "The directory holds no account.")
    if len(entries) > MAX_PEOPLE:
        raise Unreadable("directory_too_long", f"The directory holds more than {MAX_PEOPLE:,} accounts.")
    accounts = [_account(number, entry) for number, entry in enumerate(entries, 1)]
    labels = [account.label for account in accounts]
    if len(set(labels)) < len(labels):
        raise Unreadable("directory_id_twice", "Two accounts of the directory have the same id.")
    return accounts


def _account(number: int, entry: Any) -> Account:
    what = f"Account {number} of the directory"
    fields = _fields(entry, what)
    given, family = _names(fields, what)
    label = _text(fields, "id", what, MAX_NAME) or str(number)
    if not label.isprintable():
        raise Unreadable("id_not_printable", f"{what}: id holds characters that cannot be printed.")
    candidate = Candidate(
        uuid5(_SPACE, f"{number}"),
        given,
        family,
        _birthdate(fields, what),
        frozenset(_numbers(fields, what)),
        tuple(_other_names(fields, what)),
    )
    return Account(label, candidate)


def _parsed(text: str, what: str) -> Any:
    if len(text) > MAX_BYTES:
        raise Unreadable(f"{what}_too_large", f"The {what} is larger than 5 MB.")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:  # nested without end is no JSON either
        raise Unreadable(f"{what}_not_json", f"The {what} is not JSON.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("key_twice", "A field stands twice in one object.")
    return found


def _no_number(_text: str) -> Any:
    raise ValueError("no JSON number")


def _fields(entry: Any, what: str) -> Mapping[str, Any]:
    """By our names. What means nothing to a match is passed over; one meaning given in two ways is refused."""
    if not isinstance(entry, dict):
        raise Unreadable("not_an_object", f"{what} is not a JSON object.")
    found: dict[str, Any] = {}
    for key, value in entry.items():
        plain = re.sub(r"[\s_-]+", "", key[:80]).casefold()
        name = _KNOWN.get(plain, "")
        if not name or (name == "id" and plain != "id" and "id" in found):
            continue
        if name == "id":
            found.setdefault(name, value)
            if plain == "id":
                found[name] = value
        elif name in found:
            raise Unreadable("field_twice", f"{what} has two fields that both mean {name}.")
        else:
            found[name] = value
    return found


def _text(fields: Mapping[str, Any], name: str, what: str, longest: int) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable("not_text", f"{what}: {name} is not text.")
    if len(value) > longest:
        raise Unreadable("too_long", f"{what}: {name} is longer than {longest} characters.")
    return value


def _names(fields: Mapping[str, Any], what: str) -> tuple[str, str]:
    """Given names and family name; a whole name in one field stands in the second, as documents without a division do."""
    given, family = (_text(fields, name, what, MAX_NAME) for name in ("given_names", "family_name"))
    whole = _text(fields, "name", what, MAX_NAME)
    if not given.strip() and not family.strip():
        if not whole.strip():
            raise Unreadable("no_name", f"{what} has no name: given_names and family_name, or name.")
        primary, gap, secondary = whole.partition("<<")
        return (secondary, primary) if gap else ("", whole)
    return given, family


def _fills_a_zone(fields: Mapping[str, Any]) -> bool:
    """A zone's name field without a filler at its end may be cut."""
    whole = fields.get("name")
    return isinstance(whole, str) and bool(_ZONE.fullmatch(whole)) and not whole.endswith("<")


def _birthdate(fields: Mapping[str, Any], what: str) -> date | None:
    text = _text(fields, "birthdate", what, 40).strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise Unreadable("birthdate_not_a_date", f"{what}: birthdate is not a date like 1990-04-12.")
    return found


def _numbers(fields: Mapping[str, Any], what: str) -> list[str]:
    """Document numbers as they are compared: letters and digits, with the country where it is said."""
    listed = fields.get("document_numbers", [])
    if not isinstance(listed, list) or len(listed) > MAX_LISTED:
        raise Unreadable("not_a_list", f"{what}: document_numbers is not a list of at most {MAX_LISTED}.")
    numbers = [fields.get("document_number"), *listed]
    country = _text(fields, "country", what, MAX_NUMBER).strip().upper()
    found = []
    for number in numbers:
        text = _text({"document_number": number}, "document_number", what, MAX_NUMBER)
        plain = "".join(character for character in text.upper() if character.isalnum())
        if plain:
            found.append(f"{country}|{plain}")
    return found


def _other_names(fields: Mapping[str, Any], what: str) -> list[OtherName]:
    listed = fields.get("other_names") or []
    if not isinstance(listed, list) or len(listed) > MAX_LISTED:
        raise Unreadable("not_a_list", f"{what}: other_names is not a list of at most {MAX_LISTED}.")
    inner = f"{what}, other_names"
    return [OtherName(*_names(_fields(entry, inner), inner)) for entry in listed]


def _flag(fields: Mapping[str, Any], name: str, what: str) -> bool:
    value = fields.get(name, False)
    if not isinstance(value, bool):
        raise Unreadable("not_a_boolean", f"{what}: {name} is neither true nor false.")
    return value
