"""`/o/<organisation>/people/directory/accounts`: where people's accounts live, and the policy their passes follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.kit.errors import NotHere, Refused
from portal.recent import recent_sign_in
from portal.rights import actor_of, requires, seat_of
from tenants.directory.connections import accounts, services, wording
from tenants.directory.connections.console import crumbs_below
from tenants.directory.connections.contract import Words
from tenants.directory.connections.models import DirectoryConnection
from tenants.directory.views import slug_of
from tenants.rights import Right

HERE, THERE = "here", "there"


class HomeForm(forms.Form):
    home = forms.ChoiceField(
        label=gettext_lazy("Where people's accounts live"),
        choices=((HERE, HERE), (THERE, THERE)),
        widget=forms.RadioSelect,
    )
    removes_lost = forms.BooleanField(
        label=gettext_lazy("Remove the ways to sign in from before"),
        required=False,
    )
    ends_sessions = forms.BooleanField(
        label=gettext_lazy("Sign the person out everywhere"),
        required=False,
        help_text=gettext_lazy("Before the pass is made, and again when the recovery is complete."),
    )

    def __init__(self, *args: Any, words: Words, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = _("At %(place)s: a recovery ends with a %(pass)s there") % {
            "place": words.place,
            "pass": _(words.pass_name),
        }
        here = _("Here: a recovery ends with a new passkey on your recovery pages")
        lost = _("After a recovery: passkeys, authenticator apps, telephones and the like. %(stays)s")
        self.fields["removes_lost"].help_text = lost % {"stays": _(words.stays)}
        self.fields["home"].choices = ((HERE, here), (THERE, there))  # type: ignore[attr-defined]

    def chosen(self) -> accounts.Chosen:
        return accounts.Chosen(
            self.cleaned_data["home"] == THERE,
            self.cleaned_data["removes_lost"],
            self.cleaned_data["ends_sessions"],
        )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.SEE_PEOPLE)
def home(request: HttpRequest) -> HttpResponse:
    row = services.connection()
    if row is None:
        raise NotHere("no_connection")
    return _save(request, row) if request.method == "POST" else _page(request, row, None)


@requires(Right.MANAGE_ORGANISATION)
@recent_sign_in
def _save(request: HttpRequest, row: DirectoryConnection) -> HttpResponse:
    form = HomeForm(request.POST, words=services.provider_of(row).words)
    if form.is_valid():
        try:
            accounts.choose_home(form.chosen(), actor=actor_of(request))
        except Refused as refused:
            form.add_error("home", refused.sentence)
        else:
            messages.success(request, _("Saved. It holds for recoveries that are granted from now on."))
            return redirect("people:connection_accounts", slug_of(request))
    return _page(request, row, form)


def _page(request: HttpRequest, row: DirectoryConnection, form: HomeForm | None) -> HttpResponse:
    may_manage = seat_of(request).may(Right.MANAGE_ORGANISATION)
    chosen, provider = accounts.chosen_of(row), services.provider_of(row)
    if form is None and may_manage:
        initial: dict[str, Any] = {"home": THERE if chosen.lives_there else HERE}
        initial |= {"removes_lost": chosen.removes_lost, "ends_sessions": chosen.ends_sessions}
        form = HomeForm(initial=initial, words=provider.words)
    context = {
        "connection": row,
        "form": form,
        "chosen": chosen,
        "found": [
            {
                "title": wording.step_title(provider.words, str(one["step"])),
                "is_ok": one["ok"],
                "problem": wording.problem_sentence(provider.words, str(one["problem"])),
            }
            for one in row.found_of_passes
        ],
        "may_live_there": accounts.may_live_there(row, chosen),
        "policy": policy_lines(row.pass_policy),
        "not_there": accounts.people_not_there(),
        "is_simulated": provider.is_simulated(),
        "words": provider.words,
        "kind": provider.kind,
        "may_manage": may_manage,
        "breadcrumbs": crumbs_below(request, _("Where accounts live")),
    }
    return render(request, "directory/connection/accounts.html", context)


def policy_lines(policy: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """The policy of passes in words; nothing where it was not read."""
    if policy is None:
        return []
    return [
        (_("Passes"), _("Turned on") if policy["is_enabled"] else _("Turned off: nobody gets one")),
        (
            _("Lifetime"),
            _("%(shortest)s to %(longest)s minutes, usually %(usual)s")
            % {"shortest": policy["shortest"], "longest": policy["longest"], "usual": policy["usual"]},
        ),
        (_("Length"), _("%(number)s characters") % {"number": policy["length"]}),
        (
            _("Use"),
            _("Once, for every pass") if policy["is_one_time"] else _("Once, for each that is made here"),
        ),
        *_targets_of(policy),
    ]


def _targets_of(policy: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Nothing where the directory does not say whom it is for."""
    if not policy["included"]:
        return []
    return [
        (_("For"), _names(policy["included"])),
        (_("Not for"), _names(policy["excluded"]) if policy["excluded"] else _("Nobody is left out")),
    ]


def _names(targets: list[str]) -> str:
    if "all_users" in targets:
        return _("Everybody")
    known = accounts.names_of_groups(targets)
    told = sorted(known.values())
    if len(known) < len(targets):
        told.append(_("groups that are not here"))
    return ", ".join(told) or _("Nobody")
