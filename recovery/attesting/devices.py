"""Where something is asked from, roughly: for a person to recognise, and for nothing to be decided by. Pure."""

from __future__ import annotations

from ipaddress import ip_address

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

# The first that is named; a browser that says several says the narrower one as well.
KINDS = (
    ("iphone", gettext_noop("An iPhone")),
    ("ipad", gettext_noop("An iPad")),
    ("android", gettext_noop("An Android device")),
    ("windows", gettext_noop("A Windows computer")),
    ("mac os", gettext_noop("A Mac")),
    ("cros", gettext_noop("A Chromebook")),
    ("linux", gettext_noop("A Linux computer")),
)


def device_of(user_agent: str) -> str:
    """A word of ours, empty where nothing is recognised; never what the browser sent."""
    said = user_agent.lower()
    return next((word for word, _title in KINDS if word in said), "")


def device_title(word: str) -> str:
    titles = dict(KINDS)
    return _(titles[word]) if word in titles else _("A device that did not say what it is")


def place_of(address: str) -> str:
    """The beginning of an address, as much as a network has; empty for what is none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if parsed.is_loopback:
        return ""
    if parsed.version == 4:
        return ".".join(str(parsed).split(".")[:3]) + ".*"
    return ":".join(parsed.exploded.split(":")[:3]) + ":*"
