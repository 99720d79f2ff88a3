"""The design of the card: what it is called, how it looks, what it holds and for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit.actors import Actor
from portal.kit.errors import Invalid
from portal.kit.seen import marks_of, require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.colours import TEXT, contrast, parse_colour, text_on
from tenants.verified_id.claim_names import LOCALES, MAY_BE_LEFT_OUT
from tenants.verified_id.models import Authority
from tenants.verified_id.selectors import get_authority

# English is the card's own title; the others stand beside it.
OTHER_LOCALES = tuple(locale for locale in LOCALES if locale != "en")


@dataclass(frozen=True, slots=True)
class CardDesign:
    """Colours are `#rrggbb`, or empty: the background for the tenant's accent, the text for whatever reads best."""

    card_title: str
    lifetime_days: int
    card_titles: Mapping[str, str]
    card_background: str
    card_text: str
    left_out: Sequence[str]
    review_first: bool
    offers_jwt: bool = False

    def values(self) -> dict[str, Any]:
        """As they are stored."""
        return {
            "card_title": self.card_title,
            "lifetime_days": self.lifetime_days,
            "card_titles": {name: title for name, title in self.card_titles.items() if title},
            "card_background": self.card_background,
            "card_text": self.card_text,
            "left_out": sorted(self.left_out),
            "review_first": self.review_first,
            "offers_jwt": self.offers_jwt,
        }


def design_of(authority: Authority) -> CardDesign:
    return CardDesign(
        card_title=authority.card_title,
        lifetime_days=authority.lifetime_days,
        card_titles=dict(authority.card_titles),
        card_background=authority.card_background,
        card_text=authority.card_text,
        left_out=tuple(authority.left_out),
        review_first=authority.review_first,
        offers_jwt=authority.offers_jwt,
    )


def _seen(design: CardDesign) -> dict[str, Any]:
    """By the fields of the form, a title for each language."""
    values = design.values()
    titles = values.pop("card_titles")
    return values | {f"title_{locale}": titles.get(locale, "") for locale in OTHER_LOCALES}


def marks_of_card(authority: Authority) -> str:
    """What a form filled from this card has seen."""
    return marks_of(_seen(design_of(authority)))


@dataclass(frozen=True, slots=True)
class CardColours:
    """`ratio` of text to background, from 1 to 21; 4.5 is the least that everybody can read (WCAG 2.2, 1.4.3)."""

    background: str
    text: str
    ratio: float

    @property
    def is_readable(self) -> bool:
        return self.ratio >= TEXT


def colours_of(background: str, text: str, *, accent: str) -> CardColours:
    """What a choice comes to. ValueError for what is no colour."""
    ground = parse_colour(background or accent)
    ink = parse_colour(text) if text else text_on(ground)
    return CardColours(ground, ink, contrast(ground, ink))


def _require_sound(design: CardDesign) -> None:
    if not set(design.left_out) <= set(MAY_BE_LEFT_OUT):
        raise Invalid("claim_needed", _("A recovery needs that claim."), field="left_out")
    if not set(design.card_titles) <= set(OTHER_LOCALES):
        raise Invalid("language_unknown", _("The card has no such language."))
    for field in ("card_background", "card_text"):
        colour = getattr(design, field)
        if colour and parse_colour(colour) != colour:
            raise ValueError(f"not stored as it is read: {colour}")


@transaction.atomic
def change_card(design: CardDesign, *, actor: Actor, seen: str | None = None) -> Authority:
    """For cards issued from now on; those issued before stay as they are. ChangedMeanwhile when the card is not what the
    page had `seen`, Invalid for a claim that a recovery needs."""
    _require_sound(design)
    row = Authority.objects.select_for_update().get(id=get_authority().id)
    require_unchanged(seen, _seen(design_of(row)))
    before, wanted = design_of(row).values(), design.values()
    changed = [name for name, value in wanted.items() if before[name] != value]
    for name in changed:
        setattr(row, name, wanted[name])
    if changed:
        row.save(update_fields=changed)
        record_event(
            EventName.AUTHORITY_CHANGED, actor=actor, subject=row.public_id, data={"changed": changed}
        )
    return row
