"""The base of every address of the API.

A request is counted, its key verified and its scope asked for before a handler runs; the handler runs inside the scope of
the key's tenant, and an error rolls back what it began. Nothing is answered in anything but JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar, TypeVar

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from portal.api.authentication import authenticate, require_https, require_scope
from portal.api.limiting import Taken, count_request
from portal.api.scopes import Scope
from portal.api.selectors import VerifiedKey
from portal.kit.actors import Actor, ActorKind
from portal.kit.ids import random_base32
from portal.kit.scope import tenant_scope

View = TypeVar("View", bound="ApiView")
Answer = TypeVar("Answer", bound=HttpResponse)
POLICY = "default-src 'none'; frame-ancestors 'none'"


def in_scope(handler: Callable[..., Answer]) -> Callable[..., Answer]:
    """Runs a handler inside the scope of the key's tenant."""

    @wraps(handler)
    def scoped(self: ApiView, request: Request, *args: Any, **kwargs: Any) -> Answer:
        with tenant_scope(self.key.tenant.id):
            return handler(self, request, *args, **kwargs)

    return scoped


class PublicView(APIView):
    """Answers anybody, and counts them."""

    http_method_names = ["get", "head", "post"]
    metadata_class = None
    request_id: str = ""
    taken: Taken | None = None

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        self.request_id = f"req_{random_base32(20).lower()}"
        return super().initialize_request(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        """Before the method is looked at: also who asks for nothing useful is counted."""
        require_https(request._request)
        self.taken = count_request(request._request, None)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        answer["Content-Security-Policy"] = POLICY
        answer["X-Request-Id"] = self.request_id
        for name, value in (self.taken.headers if self.taken else {}).items():
            answer[name] = value
        return answer


class ApiView(PublicView):
    """Answers whoever has a key with the scope that `needs` names for the method."""

    needs: ClassVar[Mapping[str, Scope]] = {}
    key: VerifiedKey

    def perform_authentication(self, request: Request) -> None:
        self.key, self.taken = authenticate(request._request)

    def check_permissions(self, request: Request) -> None:
        """A method without a scope of its own is none of ours: 405 follows."""
        needed = self.needs.get("GET" if request.method == "HEAD" else str(request.method))
        if needed is not None:
            require_scope(self.key, needed)

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.API_KEY, self.key.row.public_id)
