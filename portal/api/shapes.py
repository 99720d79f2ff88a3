"""Shapes that several addresses share, as the document describes them."""

from __future__ import annotations

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


class PlainText(serializers.CharField):
    """Text that a database can hold."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or NUL in data:
            self.fail("invalid")
        found: str = super().to_internal_value(data)
        return found


class Name(PlainText):
    """Text that says something: spaces around it are taken off, and something is left."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(RegexValidator(r"\S"))


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
