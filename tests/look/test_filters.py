"""What the elements do to words that people wrote."""

import pytest

from portal.templatetags.elements import contact


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        (
            "+420 555 0100, help@acme.example",
            '<a class="nowrap" href="tel:+4205550100">+420 555 0100</a>, '
            '<a href="mailto:help@acme.example">help@acme.example</a>',
        ),
        ("Ask at <b>gate 3</b>", "Ask at &lt;b&gt;gate 3&lt;/b&gt;"),
        ("Room 12-34, ext. 5678", "Room 12-34, ext. 5678"),
        ("", ""),
    ],
)
def test_a_contact_can_be_pressed_and_holds_no_markup(written: str, drawn: str) -> None:
    assert contact(written) == drawn
