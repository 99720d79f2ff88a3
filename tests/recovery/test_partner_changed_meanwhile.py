"""A partner is removed, entered again, rotated and paused by a hundred presses while people begin there: nothing is left half done,
nobody is stranded, and no page breaks."""

from __future__ import annotations

from django.test import Client

from portal.kit.scope import tenant_scope
from recovery.stages import Stage
from tenants.rights import Role
from tests.recovery.journey import Journey, Place
from tests.recovery.racing import THREADS, race
from tests.vendors.hostile import CLIENT_ID, CLIENT_SECRET
from vendors.models import Connection, PartnerKeys, ProofingAttempt
from vendors.phases import OPEN

PEOPLE = 10
PRESSES = 100
# What a page may answer to whoever came second: sent on, told, not there any more. Never an error of ours.
FINE = {"200", "302", "303", "404"}


def presses(place: Place, client: Client) -> list:
    """What an administrator presses, one after the other and all at once."""
    at = f"/o/{place.tenant.slug}/partners/oidc/"
    settings = {"issuer": place.provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def use_newest() -> str:
        with tenant_scope(place.tenant.id):
            found = PartnerKeys.objects.order_by("-id").first()
        return client.post(f"{at}keys/use", {"set": found.set_id.hex if found else "0" * 32})

    return [
        lambda: client.post(f"{at}settings", {**settings, "currency": "EUR"}),
        lambda: client.post(f"{at}pause"),
        lambda: client.post(f"{at}unpause"),
        lambda: client.post(f"{at}keys", {"client_secret": CLIENT_SECRET + "x", "seen": ""}),
        use_newest,
        lambda: client.post(f"{at}test"),
        lambda: client.post(f"{at}remove", {"word": "remove"}),
        lambda: client.get(f"{at}record"),
    ]


def test_a_hundred_presses_strand_nobody(place: Place, staff_client, provider):
    walkers = []
    for number in range(PEOPLE):
        place.person(f"ada{number}")
        walkers.append(place.browser().begin(f"ada{number}"))
    moves = presses(place, staff_client(Role.ADMINISTRATOR, place.tenant))

    def go(number: int) -> str:
        if number % 4 == 0 and number // 4 < PEOPLE:
            walker = walkers[number // 4]
            walker.post("/recover/consent", {"agree": "on"})
            return f"person {walker.post('/recover/prove').status_code}"
        return str(moves[number % len(moves)]().status_code)

    found = race(go, times=PRESSES + PEOPLE, threads=THREADS)
    assert {told.removeprefix("person ") for told in found} <= FINE, found
    walkers[0].work()
    with tenant_scope(place.tenant.id):
        used = list(Connection.objects.exclude(status=Connection.Status.REMOVED))
        gone = Connection.objects.filter(status=Connection.Status.REMOVED)
        assert len(used) <= 1
        assert not any(row.secrets_sealed or row.keys_kept_until for row in gone)
        assert not PartnerKeys.objects.filter(connection__in=gone, secrets_sealed__isnull=False).exists()
        open_there = ProofingAttempt.objects.filter(phase__in=OPEN)
        assert set(open_there.values_list("connection_id", flat=True)) <= {row.id for row in used}
    settle(place, moves[0], walkers[0])
    for walker in walkers:
        # Whoever agreed to one that is gone is told so, or agrees to what there is now.
        assert walker.get("/recover/").status_code in (200, 302, 303)
        finish(walker)


def settle(place: Place, enter, walker: Journey) -> None:
    """The administrator enters the partner once more, lets it be used, and names it in the profile."""
    enter()
    walker.work()
    with tenant_scope(place.tenant.id):
        row = Connection.objects.exclude(status=Connection.Status.REMOVED).get()
        Connection.objects.filter(id=row.id).update(paused_at=None)
    place.set_profile(partners=[str(row.id)])


def finish(walker: Journey) -> None:
    """As many further tries as the profile gives, as a person presses what the page offers."""
    for _ in range(3):
        if walker.stage is Stage.PARTNER:
            walker.come_back(walker.at_partner())
        if walker.stage in (Stage.CONSENT, Stage.PROVE):
            walker.consent()
    assert walker.stage is Stage.CREDENTIAL, (walker.case.status, walker.stage, walker.done())
