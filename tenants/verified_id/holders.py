"""Who holds which card. A card names no account, so this room does not know; the rooms above it do (`portal.registry`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.db.models import Q


@dataclass(frozen=True, slots=True)
class Holder:
    """The person a card or an offer is tied to, by name and public id."""

    name: str
    person: str


class Holders(Protocol):
    """What the room that ties cards to accounts answers. Called in the tenant's scope."""

    def of_cards(self, ids: Collection[UUID]) -> dict[UUID, Holder]:
        """By credential; without those that are tied to nobody."""

    def of_people(self, ids: Collection[UUID]) -> dict[UUID, Holder]:
        """By person, for cards that were offered to somebody by name."""

    def cards_of(self, text: str) -> Q:
        """The credentials of whoever is found by a name, user name, e-mail or employee number."""


def holders() -> Holders:
    return cast(Holders, import_module(settings.CARD_HOLDERS))
