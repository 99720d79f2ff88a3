"""What callers send: JSON read as one thing only, and parameters of which none is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.parsers import BaseParser

from portal.api.problems import Problem
from portal.kit.bodies import read_json
from portal.kit.errors import Refused

MAX_BODY = 64_000


class JsonParser(BaseParser):
    """A JSON object, bounded in size and depth, no member twice (RFC 8259, RFC 7493)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        request = (parser_context or {})["request"]._request
        _require_plain_utf8(request)
        try:
            return read_json(request, max_bytes=MAX_BODY)
        except Refused as refused:
            if refused.code == "too_large":
                raise Problem(413, "too_large", "") from refused
            raise Problem(
                400, "not_json", _("The body is not a JSON object, or names a member twice.")
            ) from refused


def _require_plain_utf8(request: HttpRequest) -> None:
    """Problem 415 for bytes that would have to be unpacked or are in another alphabet (RFC 9110, 15.5.16)."""
    if request.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        raise Problem(
            415,
            "encoding_unsupported",
            _("Send the body as it is, not compressed."),
            headers={"Accept-Encoding": "identity"},
        )
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise Problem(415, "media_type_unsupported", _("Send the body as application/json in UTF-8."))


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses a member it does not know: a misspelt filter must not quietly mean everything."""

    def to_internal_value(self, data: Any) -> Any:
        given = data if isinstance(data, Mapping) else {}
        unknown = {str(name): [_("There is no such parameter.")] for name in given if name not in self.fields}
        if unknown:
            raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


class NoQuery(StrictSerializer):
    """An address that takes no parameters."""


def read_query(shape: type[StrictSerializer], query: QueryDict) -> dict[str, Any]:
    """The parameters of an address. ValidationError for one that is unknown, given twice or unusable."""
    twice = {name: [_("It is given twice.")] for name in query if len(query.getlist(name)) > 1}
    if twice:
        raise serializers.ValidationError(twice)
    read = shape(data=query.dict())
    read.is_valid(raise_exception=True)
    found: dict[str, Any] = read.validated_data
    return found
