"""Another program reads the document and finds no answer that it does not promise (schemathesis, fixed seeds)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies._internal import regex
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from portal.api.document import document
from portal.kit.limits import Limit
from portal.kit.scope import tenant_scope
from tests.api.test_usage import add
from tests.api.world import key_of
from tests.billing.test_budgets import cap
from tests.billing.test_invoice_pages import february, used  # noqa: F401  fixtures
from vendors.billing.models import Invoice

LABELS = sorted(
    f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods
)
# What a schema cannot say: that a partner is unknown, that a budget must exceed what is spent, whose a cursor is.
BY_MEANING = {
    "budget_below_spent",
    "budget_refused",
    "changed_since_read",
    "cursor_unusable",
    "idempotency_key_reused",
}
COVERED, MADE_UP = 8, 4


@pytest.fixture(autouse=True, scope="module")
def _patterns_are_read_once() -> Iterator[None]:
    """What a name may hold takes a second to work out, and the program asks anew for each name it makes up."""
    read, known = regex.regex_strategy, {}

    def once(pattern: Any, fullmatch: bool, *, alphabet: Any) -> Any:
        words = (pattern, fullmatch, repr(alphabet))
        if words not in known:
            known[words] = read(pattern, fullmatch, alphabet=alphabet)
        return known[words]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regex, "regex_strategy", once)
        yield


def product(environ: dict[str, Any], start: Any) -> Any:
    """Under the name it is served by; the program takes only the path from the document."""
    return WSGIHandler()({**environ, "HTTP_HOST": "localhost:8000"}, start)


class Peer:
    """Sends cases with a real key and holds every check of the program against each answer."""

    def __init__(self, label: str, key: str, known: dict[str, str]) -> None:
        schema = schemathesis.openapi.from_dict(document())
        schema.app = product
        found = (each.ok() for each in schema.get_all_operations())
        self.operation: Any = next(operation for operation in found if operation.label == label)
        self.headers = {"Authorization": f"Bearer {key}"}
        self.known = known
        self.statuses: set[int] = set()

    def send(self, case: Any) -> None:
        self._make_possible(case)
        answer = case.call(headers=self.headers)
        self.statuses.add(answer.status_code)
        by_meaning = answer.status_code in (400, 412, 422) and answer.json()["code"] in BY_MEANING
        excluded = [positive_data_acceptance] if by_meaning else []
        case.validate_response(answer, headers=self.headers, excluded_checks=excluded)

    def _make_possible(self, case: Any) -> None:
        """No schema knows which things there are, nor which words of a query go together."""
        if case.meta.generation.mode is not GenerationMode.POSITIVE:
            return
        for name in set(self.known) & set(case.path_parameters or {}):
            case.path_parameters[name] = self.known[name]
        query = case.query or {}
        if "from" in query or "to" in query:
            query.pop("period", None)
            query["from"] = query["to"] = "2026-01-02"

    def covers(self) -> None:
        """Borders of every parameter and field, what is missing, other methods and media types."""
        for mode in GenerationMode:
            cases = list(
                self.operation.schema.iter_coverage_cases(
                    operation=self.operation,
                    generation_modes=[mode],
                    generation_config=self.operation.schema.config.generation,
                )
            )
            # Which and how many there are differs between runs: the first, and some of the others.
            for case in cases[:: max(1, len(cases) // COVERED)]:
                self.send(case)

    def asks_without_a_key(self) -> None:
        case = self.operation.Case(path_parameters=dict(self.known))
        assert case.call(headers={"Authorization": ""}).status_code == 401

    def makes_up(self, mode: GenerationMode) -> None:
        @seed(3)
        @settings(
            max_examples=MADE_UP,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=self.operation.as_strategy(generation_mode=mode))
        def sent(case: Any) -> None:
            self.send(case)

        sent()


@pytest.mark.parametrize("label", LABELS)
def test_no_answer_is_one_that_the_document_does_not_promise(tenant, monkeypatch, request, label):
    for name in ("OF_NETWORK", "OF_KEY", "REFUSED"):
        monkeypatch.setattr(f"portal.api.limiting.{name}", Limit(f"{name}_of_the_tester", 100_000, 60))
    known = {}
    if "invoices" in label:
        request.getfixturevalue("february")
    else:
        add(tenant, 2)
    with tenant_scope(tenant.id):
        known["budget_id"] = cap("9.00").public_id
        known["invoice_id"] = getattr(Invoice.objects.first(), "public_id", "")
    tester = Peer(label, key_of(tenant).written.text, known)
    tester.asks_without_a_key()
    tester.covers()
    for mode in GenerationMode:
        tester.makes_up(mode)
    assert {200, 201} & tester.statuses
