"""What organisations and members may be called."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from portal.kit.names import validate_name


@pytest.mark.parametrize(
    "name",
    [
        "Acme & Sons, s.r.o.",
        "O'Brien-Łoś",
        "北京公司",
        "\u0645\u06cc\u200c\u0631\u0648\u062f",
        "3",
        "<b>x</b>",
        "www",
    ],
)
def test_what_somebody_may_be_called_is_taken(name: str) -> None:
    validate_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Acme\r\nBcc: x@y.example",
            "Acme\tx",
            "Acme\x00",
            "a\u2028b",
            "\u202eemca",
            "Ac\u200bme",
            "\ufeffAcme",
        ),
        *(
            "Your account is closed: http://evil.example",
            "HTTPS://x",
            "see WWW.evil.example",
            "\u200d",
            "...",
            "\u00ad",
        ),
    ],
)
def test_a_message_and_what_cannot_be_seen_is_no_name(name: str) -> None:
    with pytest.raises(ValidationError):
        validate_name(name)
