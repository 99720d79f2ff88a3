"""The document itself, and what is said where there is nothing."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.base import PublicView
from portal.api.document import document
from portal.kit.errors import NotHere


@cache
def _tag() -> str:
    return f'"{hashlib.sha256(json.dumps(document(), sort_keys=True).encode()).hexdigest()[:20]}"'


class Schema(PublicView):
    """Public, and the same for everybody."""

    http_method_names = ["get", "head"]
    schema = None

    def get(self, request: Request) -> Response:
        headers = {"ETag": _tag(), "Cache-Control": "public, max-age=300"}
        if request.headers.get("If-None-Match") == _tag():
            return Response(status=304, headers=headers)
        return Response(document(), headers=headers)


class Nothing(PublicView):
    """Every other address, whatever is asked of it."""

    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        raise NotHere("api_address_unknown")
