"""Shapes that several addresses share, as the document describes them."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from portal.api.parsing import StrictSerializer
from portal.kit.ids import parse_public_id

NUL = "\x00"
AMOUNT = r"^[0-9]{1,9}(\.[0-9]{1,6})?$"


class PlainText(serializers.CharField):
    """Text that a database can hold."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or NUL in data:
            self.fail("invalid")
        found: str = super().to_internal_value(data)
        return found


class ProfileId(PlainText):
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
        self.validators.append(RegexValidator(AMOUNT))


class Paging(StrictSerializer):
    limit = serializers.IntegerField(
        min_value=1, max_value=500, default=100, help_text="How many at once, at most 500."
    )
    cursor = PlainText(
        max_length=100,
        required=False,
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
