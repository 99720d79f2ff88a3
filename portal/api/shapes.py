"""Shapes that several addresses share, as the document describes them."""

from __future__ import annotations

import re
from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api.parsing import StrictSerializer
from portal.kit.ids import parse_public_id

NUL = "\x00"
# At least a hundredth.
AMOUNT = r"^(?!0+(\.(0|00[0-9]*))?$)[0-9]{1,9}(\.[0-9]{1,6})?$"
PROFILE = r"^profile_[0-7][0-9a-hjkmnp-tv-z]{25}$"
CURSOR = r"^[A-Za-z0-9_-]{43}$"
# At least what `portal.kit.names.has_unseen` refuses, of any version of Unicode: controls, marks that turn or hide what
# stands around them, and what has no meaning of its own. (Half a letter is refused with the body.)
_UNSEEN_RANGES = (
    *(
        (0x00, 0x1F),
        (0x7F, 0x9F),
        (0xAD, 0xAD),
        (0x600, 0x605),
        (0x61C, 0x61C),
        (0x6DD, 0x6DD),
        (0x70F, 0x70F),
    ),
    *((0x890, 0x891), (0x8E2, 0x8E2), (0x180E, 0x180E), (0x200B, 0x200B), (0x200E, 0x200F), (0x2028, 0x202E)),
    *((0x2060, 0x206F), (0xE000, 0xF8FF), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0x110BD, 0x110CD)),
    *((0x13430, 0x1345F), (0x1BCA0, 0x1BCAF), (0x1D173, 0x1D17A), (0xE0000, 0xE007F), (0xF0000, 0x10FFFF)),
)
UNSEEN = "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSEEN_RANGES)
LINE = rf"^[^{UNSEEN}]*[^{UNSEEN}\s][^{UNSEEN}]*$"


class PlainText(serializers.CharField):
    """Text that a database can hold."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or NUL in data:
            self.fail("invalid")
        found: str = super().to_internal_value(data)
        return found


class Name(PlainText):
    """One line that says something in letters that can be seen; spaces around it are taken off."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(RegexValidator(LINE))

    def to_internal_value(self, data: Any) -> str:
        # Before the ends are taken off: the document speaks of what is sent.
        if isinstance(data, str) and not re.fullmatch(LINE, data):
            self.fail("invalid")
        return super().to_internal_value(data)


class ProfileId(PlainText):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # For the document; `to_internal_value` is stricter.
        self.validators.append(RegexValidator(PROFILE if not self.allow_blank else f"^$|{PROFILE}"))

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text == "":
            return text
        try:
            parse_public_id("profile", text)
        except ValueError:
            self.fail("invalid")
        return text


class AmountText(PlainText):
    """Money as text: nothing is lost on the way, and nobody's float comes in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(
            RegexValidator(
                AMOUNT, _("An amount is text such as 250.00: at least 0.01, at most six decimals.")
            )
        )


class Paging(StrictSerializer):
    limit = serializers.IntegerField(
        min_value=1, max_value=500, default=100, help_text="How many at once, at most 500."
    )
    cursor = PlainText(
        max_length=100,
        required=False,
        validators=[RegexValidator(CURSOR)],
        help_text="`next_cursor` of the page before. Changed ones are refused.",
    )


class FieldProblem(serializers.Serializer[Any]):
    name = serializers.CharField(allow_blank=True)
    detail = serializers.CharField()


class ProblemShape(serializers.Serializer[Any]):
    """RFC 9457. `code` stays the same for ever, `detail` is for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]  # a member's name

    class Meta:
        ref_name = "Problem"
