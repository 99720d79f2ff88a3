"""Every address the product answers, with something in every place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from portal.kit.ids import public_id, uuid7


@dataclass(frozen=True)
class Address:
    """A route as it is written, and the view's name for messages."""

    name: str
    route: str

    def path(self, values: Mapping[str, str]) -> str:
        """With `values` in the named places; in every other one the identifier of nothing."""

        def fill(place: re.Match[str]) -> str:
            converter, _, name = place.group(1).rpartition(":")
            if name in values:
                return values[name]
            return {"uuid": str(uuid7()), "int": "1", "slug": "x"}.get(converter, public_id("x", uuid7()))

        return "/" + re.sub(r"<([^>]+)>", fill, self.route)


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Address]:
    for entry in patterns:
        route = prefix + _plain(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, route)
        else:
            yield Address(str(entry.name or route), route)


def _plain(pattern: str) -> str:
    """A regular expression of a library's as a route: groups become places, anchors go."""
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern)
    return named.replace("^", "").replace("$", "").replace(r"\Z", "")


def addresses_of(urlconf: str) -> list[Address]:
    return list(_walk(get_resolver(urlconf).url_patterns, ""))
