"""A vendor's test from its form to its end: begun, gone through by the worker, come back to, let go.

Protects the vendor's secret (sealed, and gone with the test), and everybody else from being asked by us on a stranger's word: few
tests for a network, for an issuer and altogether. What it does not do: connect anybody; a test opens nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from portal.kit import clock
from portal.kit.codes import digest, new_token
from portal.kit.errors import NotHere, Unavailable
from portal.kit.ids import uuid7
from portal.kit.limits import Limit, take_in_turn
from portal.kit.origins import site_url
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.sealed import Context, seal, unseal
from vendors.adapters.oidc.listing import ADAPTER
from vendors.context import Egress
from vendors.contract import AdapterError, Ctx, InboundReturn, SessionRef, StartRequest
from vendors.trying import rounds
from vendors.trying.models import ProviderTest
from vendors.trying.requirements import REQUIREMENTS, Finding, Result, Round

LIFE = timedelta(hours=1)
KEPT = timedelta(days=1)
MAX_QUERY = 8_192
PURPOSE = "A test of your provider"
BY_NETWORK = Limit("provider_test_network", 6, 3600)
BY_ISSUER = Limit("provider_test_issuer", 12, 3600)
ALL = Limit("provider_test_all", 200, 3600)
NEXT = {ProviderTest.Stage.ALONE: Round.FIRST, ProviderTest.Stage.FIRST: Round.SECOND}


def return_url() -> str:
    """What a vendor registers for the test."""
    return site_url("/contracts/openid/return")


def begin_test(
    *, issuer: str, client_id: str, client_secret: str, trust_framework: str, locale: str, network: str
) -> str:
    """The word of the test's address. TooMany when the network, the issuer's host or everybody asked too often."""
    host = (urlsplit(issuer).hostname or "").rstrip(".")  # the same host, with the root's dot and without
    take_in_turn((BY_NETWORK, network), (BY_ISSUER, host), (ALL, "all"))
    address = new_token()
    row = ProviderTest(
        id=uuid7(),
        address_digest=digest(address),
        issuer=issuer,
        client_id=client_id,
        trust_framework=trust_framework,
        locale=locale[:35],
        expires_at=clock.now() + LIFE,
    )
    row.address_sealed = _seal(row, "address_sealed", address.encode())
    row.secret_sealed = _seal(row, "secret_sealed", client_secret.encode())
    with transaction.atomic():
        row.save(force_insert=True)
        enqueue("trying.try_provider", test_id=row.id)
    return address


def test_at(address: str) -> ProviderTest:
    """NotHere for an address nobody gave out, and for one whose test was let go."""
    row = ProviderTest.objects.filter(address_digest=digest(address)).first()
    if row is None:
        raise NotHere("provider_test_unknown")
    return row


def link_of(row: ProviderTest) -> str:
    """Where the vendor goes to sign in, while somebody is waited for."""
    if row.is_working or row.bond_sealed is None or is_over(row):
        return ""
    return str(_open(row, "bond_sealed")["url"])


def is_over(row: ProviderTest) -> bool:
    return row.stage == ProviderTest.Stage.ENDED or row.expires_at <= clock.now()


def receive_return(query: Mapping[str, Sequence[str]]) -> str:
    """A browser came back; the word of its test's address. Quiet the second time; NotHere for a state that no open test was
    begun with: only who followed the link, and the provider itself, know it."""
    words = query.get("state", ())
    body = json.dumps({name: list(values) for name, values in query.items()}).encode()
    if len(words) != 1 or len(body) > MAX_QUERY:
        raise NotHere("provider_test_unknown")
    with transaction.atomic():
        row = ProviderTest.objects.select_for_update().filter(state_digest=digest(words[0])).first()
        if row is None:
            raise NotHere("provider_test_unknown")
        if row.returned_sealed is None and not row.is_working and not is_over(row):
            row.returned_sealed = _seal(row, "returned_sealed", body)
            row.is_working = True
            row.save(update_fields=["returned_sealed", "is_working"])
            enqueue("trying.try_provider", test_id=row.id)
    return unseal(row.address_sealed, _context(row.id, "address_sealed")).decode()


def found(row: ProviderTest) -> dict[str, Result]:
    return {
        each["requirement"]: Result(**{**each, "finding": Finding(each["finding"])}) for each in row.results
    }


# ------------------------------------------------------------------ the worker


@effect
def try_provider(job: Job) -> Apply | None:
    """One round, and the request of the next one."""
    row = ProviderTest.objects.filter(id=job.uuid("test_id")).first()
    if row is None or not row.is_working or is_over(row) or row.secret_sealed is None:
        return None
    ctx = _ctx(row)
    if row.stage == ProviderTest.Stage.ALONE:
        results = rounds.look(ctx, return_url())
    else:
        bond = _open(row, "bond_sealed")
        ref = SessionRef(row.id, "", row.begun_at or clock.now(), bond["state"])
        inbound = InboundReturn(_open(row, "returned_sealed"))
        ask = rounds.first_return if row.stage == ProviderTest.Stage.FIRST else rounds.second_return
        try:
            results = ask(ctx, ref, inbound)
        except AdapterError as error:
            results = _nothing(Round(row.stage), error)
    following = NEXT.get(ProviderTest.Stage(row.stage))
    if following is None or rounds.failed(_vital(results)):
        return partial(_end, row.id, results)
    state = new_token()
    try:
        started = ADAPTER.start(
            ctx,
            StartRequest(
                attempt_id=row.id,
                return_url=return_url(),
                return_state=state,
                locale=row.locale,
                purpose=PURPOSE,
                demonstration=True,
            ),
        )
    except AdapterError as error:
        if error.retry == "later" and job.attempt < 3:
            raise Unavailable(error.code) from error
        return partial(_end, row.id, results)
    bond = {"url": started.url, "state": dict(started.ref.state)}
    return partial(_wait, row.id, results, following, bond, state)


def _vital(results: Sequence[Result]) -> list[Result]:
    """What a following round hangs on: that our request is taken at all. Everything else may fail, and the rest is tried."""
    return [
        each
        for each in results
        if each.requirement in ("metadata", "issuer", "pushed", "accepts", "token", "answer")
    ]


def _nothing(round_: Round, error: AdapterError) -> tuple[Result, ...]:
    first, *rest = [each.code for each in REQUIREMENTS if each.round is round_]
    told = error.answered or str(error.http_status or "")
    return (
        Result(first, Finding.FAILED, error.code, told),
        *(Result(code, Finding.SKIPPED, "not_reached") for code in rest),
    )


def _ctx(row: ProviderTest) -> Ctx:
    secret = unseal(row.secret_sealed or b"", _context(row.id, "secret_sealed")).decode()
    return Ctx(
        config={
            "issuer": row.issuer,
            "client_id": row.client_id,
            "trust_framework": row.trust_framework,
        },
        secrets={"client_secret": secret},
        memory={},
        http=Egress(),
        now=clock.now(),
        random=secrets.token_bytes,
    )


def _locked(test_id: UUID) -> ProviderTest | None:
    return ProviderTest.objects.select_for_update().filter(id=test_id).first()


def _add(row: ProviderTest, results: Sequence[Result]) -> None:
    done = {each["requirement"] for each in row.results}
    row.results = [
        *row.results,
        *(
            {**asdict(each), "finding": each.finding.value}
            for each in results
            if each.requirement not in done
        ),
    ]
    row.is_working = False
    row.returned_sealed = None


def _wait(
    test_id: UUID, results: Sequence[Result], following: Round, bond: Mapping[str, Any], state: str
) -> None:
    row = _locked(test_id)
    if row is None or not row.is_working:
        return
    _add(row, results)
    row.stage = ProviderTest.Stage(following.value)
    row.bond_sealed = _seal(row, "bond_sealed", json.dumps(bond).encode())
    row.state_digest = digest(state)
    row.begun_at = clock.now()
    row.save()


def _end(test_id: UUID, results: Sequence[Result]) -> None:
    row = _locked(test_id)
    if row is None or not row.is_working:
        return
    _add(row, results)
    row.stage = ProviderTest.Stage.ENDED
    row.secret_sealed = row.bond_sealed = row.state_digest = None
    row.save()


def let_go_of_tests() -> None:
    """The secret of a test that nobody finished within its hour, and tests of yesterday. Periodic."""
    now = clock.now()
    ProviderTest.objects.filter(expires_at__lt=now).exclude(secret_sealed=None).update(
        secret_sealed=None, bond_sealed=None, state_digest=None, returned_sealed=None, is_working=False
    )
    ProviderTest.objects.filter(created_at__lt=now - KEPT).delete()


# ------------------------------------------------------------------ sealing


def _context(row_id: UUID, field: str) -> Context:
    return Context("trying_providertest", field, row_id)


def _seal(row: ProviderTest, field: str, data: bytes) -> bytes:
    return seal(data, _context(row.id, field))


def _open(row: ProviderTest, field: str) -> dict[str, Any]:
    opened: dict[str, Any] = json.loads(unseal(getattr(row, field) or b"", _context(row.id, field)))
    return opened
