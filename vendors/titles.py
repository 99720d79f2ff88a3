"""What an organisation calls each of its own providers, wherever people read a partner's name.

One without a title goes by its key (decision 0060). The title is the organisation's own word, kept with the connection, also
once it was removed: usage and cases of before are still that partner's. What it does not do: tell partners apart; the key does.
"""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _

from portal.kit.errors import Invalid
from portal.kit.scope import read_once
from vendors.models import Connection
from vendors.registry import ADAPTERS, adapter_of, own_name

MOST_TITLE = 60


def title_of_name(name: str) -> str:
    """ "North bank" of `north-bank`."""
    return name.replace("-", " ").capitalize()


def title_of(vendor: str) -> str:
    """Of one that has a name. One query for a page, however many are shown."""
    return read_once("titles of partners", _titles).get(vendor) or title_of_name(own_name(vendor))


def _titles() -> dict[str, str]:
    """The newest connection of a key counts."""
    rows = Connection.objects.exclude(title="").order_by("chosen_at", "id")
    return dict(rows.values_list("vendor", "title"))


def require_title(vendor: str, title: str) -> str:
    """As it is kept. Invalid for one that people could take for another partner's, and for what cannot be read."""
    kept = " ".join(unicodedata.normalize("NFC", title).split())
    if not kept or len(kept) > MOST_TITLE:
        raise Invalid("title_unusable", _("Enter a title of at most 60 characters."), field="title")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") for letter in kept):
        raise Invalid("title_unusable", _("The title has a character that nobody sees."), field="title")
    if kept.casefold() in _taken(vendor):
        raise Invalid("title_taken", _("Another partner goes by this title."), field="title")
    return kept


def _taken(vendor: str) -> set[str]:
    """Of the marketplace's partners, in every language they are listed in here, and of this organisation's others."""
    listed = {str(adapter_of(slug).listing.title) for slug in ADAPTERS}
    rows = Connection.objects.exclude(vendor=vendor).exclude(status=Connection.Status.REMOVED)
    own = {
        title or title_of_name(own_name(key))
        for key, title in rows.values_list("vendor", "title")
        if own_name(key)
    }
    return {title.casefold() for title in {*listed, *(_(title) for title in listed), *own}}
