"""`/budgets`: read, opened and changed by the services of the console's page, under the rights of the key's maker."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.base import ApiView, in_scope
from portal.api.document import LOCATION, TAG, describe
from portal.api.idempotency import Done, once
from portal.api.parsing import NoQuery, StrictSerializer, read_query
from portal.api.problems import Problem
from portal.api.scopes import Scope
from portal.api.shapes import AmountText, Name, PlainText, ProfileId
from portal.kit.errors import NotHere
from portal.kit.ids import parse_public_id, public_id
from portal.kit.money import EXPONENTS
from portal.kit.seen import ChangedMeanwhile, marks_of
from vendors.billing import services
from vendors.billing.book import standing
from vendors.billing.budgeting import BudgetState, budget_states, changeable
from vendors.billing.models import Budget
from vendors.console.budget_forms import BudgetForm


class BudgetShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    partner = serializers.CharField(help_text="Empty: all partners.")
    profile = serializers.CharField(help_text="Empty: all profiles.")
    department = serializers.CharField(help_text="Empty: all departments.")
    every = serializers.ChoiceField(Budget.Every.values)
    amount = serializers.CharField()
    currency = serializers.CharField()
    shares = serializers.ListField(
        child=serializers.IntegerField(), help_text="Per cent at which mail goes out."
    )
    is_hard = serializers.BooleanField(help_text="Checks that would pass it do not begin.")
    lifting_roles = serializers.ListField(child=serializers.CharField())
    lifted_until = serializers.DateTimeField(allow_null=True)
    spent = serializers.CharField(
        help_text="In the window that runs, each check at the dearest tier of its price. Checks of which nobody had entered what "
        "one costs are not in it: `/usage/summary` counts them as `unpriced`."
    )
    reserved = serializers.CharField()
    left = serializers.CharField()
    window_ends_at = serializers.DateTimeField()

    class Meta:
        ref_name = "Budget"


class BudgetList(serializers.Serializer[Any]):
    data = BudgetShape(many=True)  # type: ignore[assignment]  # a member's name


class BudgetChange(StrictSerializer):
    """What can be changed. What is left out is empty: the body is the whole."""

    name = Name(max_length=80)
    amount = AmountText(help_text='As text, at most six decimals: `"250.00"`.')
    shares = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=200),
        max_length=10,
        required=False,
        default=list,
    )
    is_hard = serializers.BooleanField(required=False, default=False)
    lifting_roles = serializers.ListField(
        child=serializers.ChoiceField(sorted(Budget.LIFTING_ROLES)),
        max_length=3,
        required=False,
        default=list,
    )

    class Meta:
        ref_name = "BudgetChange"


class NewBudget(BudgetChange):
    """What it is for stays for good: close it in the console and open another one."""

    every = serializers.ChoiceField(Budget.Every.values)
    currency = serializers.ChoiceField(sorted(EXPONENTS))
    partner = PlainText(max_length=40, required=False, default="", allow_blank=True)
    profile = ProfileId(max_length=40, required=False, default="", allow_blank=True)
    department = PlainText(max_length=120, required=False, default="", allow_blank=True)

    class Meta:
        ref_name = "NewBudget"


FORM_NAMES = {"vendor": "partner"}


def _money(amount: Decimal) -> str:
    return f"{amount:.6f}"


def shown(state: BudgetState) -> dict[str, Any]:
    budget = state.budget
    return {
        "id": budget.public_id,
        "name": budget.name,
        "partner": budget.vendor,
        "profile": public_id("profile", budget.profile_id) if budget.profile_id else "",
        "department": budget.department,
        "every": budget.every,
        "amount": _money(budget.amount),
        "currency": budget.currency,
        "shares": list(budget.shares),
        "is_hard": budget.is_hard,
        "lifting_roles": list(budget.lifting_roles),
        "lifted_until": budget.lifted_until.isoformat() if budget.lifted_until else None,
        "spent": _money(state.spent),
        "reserved": _money(state.reserved),
        "left": _money(state.left),
        "window_ends_at": state.ends_at.isoformat(),
    }


def _state(budget_id: UUID) -> BudgetState:
    """NotHere for a budget that is unknown, closed or another organisation's."""
    found = next((state for state in budget_states() if state.budget.id == budget_id), None)
    if found is None:
        raise NotHere("budget_unknown")
    return found


def _id(text: str) -> UUID:
    try:
        return parse_public_id(Budget.prefix, text)
    except ValueError as error:
        raise NotHere("budget_unknown") from error


def tag_of(budget: Budget) -> str:
    """Changes whenever somebody changed the budget; spending changes it not."""
    return f'"{hashlib.sha256(marks_of(changeable(budget)).encode()).hexdigest()[:20]}"'


def _done(status: int, budget_id: UUID, **headers: str) -> Done:
    state = _state(budget_id)
    return Done(status, shown(state), {"ETag": tag_of(state.budget), **headers})


def _body(shape: type[StrictSerializer], request: Request) -> dict[str, Any]:
    read = shape(data=request.data)
    read.is_valid(raise_exception=True)
    found: dict[str, Any] = read.validated_data
    return found


def _filled(given: dict[str, Any], budget: Budget | None = None) -> BudgetForm:
    """The page's own form, so that one set of rules holds. Problem 422 for what it refuses."""
    data = {
        "name": given["name"],
        "amount": given["amount"],
        "shares": ", ".join(str(share) for share in given["shares"]),
        "lifting_roles": given["lifting_roles"],
        **({"is_hard": "on"} if given["is_hard"] else {}),
    }
    if budget is None:
        profile = given["profile"]
        data |= {
            "every": given["every"],
            "currency": given["currency"],
            "vendor": given["partner"],
            "department": given["department"],
            "profile": str(parse_public_id("profile", profile)) if profile else "",
        }
    form = BudgetForm(data, budget=budget, currency=standing().currencies[0])
    if not form.is_valid():
        errors = [
            {"name": FORM_NAMES.get(name, name), "detail": str(sentence)}
            for name, sentences in form.errors.items()
            for sentence in sentences
        ]
        raise Problem(422, "budget_refused", _("This budget cannot be kept: errors says why."), errors=errors)
    return form


class Budgets(ApiView):
    needs = {"GET": Scope.BUDGETS_READ, "POST": Scope.BUDGETS_WRITE}

    @describe(
        "listBudgets",
        "Open budgets",
        answer=BudgetList,
        tag="Budgets",
        scope=Scope.BUDGETS_READ,
    )
    @in_scope
    def get(self, request: Request) -> Response:
        read_query(NoQuery, request.query_params)
        return Response({"data": [shown(state) for state in budget_states()]})

    @describe(
        "openBudget",
        "Open a budget",
        body=NewBudget,
        answer=BudgetShape,
        status=201,
        tag="Budgets",
        scope=Scope.BUDGETS_WRITE,
        headers=(TAG, LOCATION),
    )
    @in_scope
    def post(self, request: Request) -> HttpResponse:
        read_query(NoQuery, request.query_params)
        given = _body(NewBudget, request)

        def work() -> Done:
            budget = services.open_budget(_filled(given).plan(), actor=self.actor)
            return _done(201, budget.id, Location=f"{request.path}/{budget.public_id}")

        return once(self, request, work)


class OneBudget(ApiView):
    needs = {"GET": Scope.BUDGETS_READ, "POST": Scope.BUDGETS_WRITE}

    @describe(
        "readBudget",
        "One budget",
        answer=BudgetShape,
        tag="Budgets",
        scope=Scope.BUDGETS_READ,
        names_one=True,
        headers=(TAG,),
    )
    @in_scope
    def get(self, request: Request, budget_id: str) -> Response:
        read_query(NoQuery, request.query_params)
        state = _state(_id(budget_id))
        return Response(shown(state), headers={"ETag": tag_of(state.budget)})

    @describe(
        "changeBudget",
        "Change a budget",
        body=BudgetChange,
        answer=BudgetShape,
        tag="Budgets",
        scope=Scope.BUDGETS_WRITE,
        names_one=True,
        is_conditional=True,
        headers=(TAG,),
    )
    @in_scope
    def post(self, request: Request, budget_id: str) -> HttpResponse:
        read_query(NoQuery, request.query_params)
        given, identifier = _body(BudgetChange, request), _id(budget_id)

        def work() -> Done:
            budget = _state(identifier).budget
            _require_match(request, budget)
            plan = _filled(given, budget).plan(budget)
            services.change_budget(identifier, plan, actor=self.actor, seen=marks_of(changeable(budget)))
            return _done(200, identifier)

        try:
            return once(self, request, work)
        except ChangedMeanwhile as changed:
            raise Problem(409, "changed_meanwhile", "") from changed


def _require_match(request: Request, budget: Budget) -> None:
    """RFC 9110, 13.1.1: who sends If-Match overwrites nobody else's change."""
    asked = request.headers.get("If-Match", "")
    if asked and asked != "*" and tag_of(budget) not in [tag.strip() for tag in asked.split(",")]:
        sentence = _("Somebody changed this budget since you read it. Read it again.")
        raise Problem(412, "changed_since_read", sentence)
