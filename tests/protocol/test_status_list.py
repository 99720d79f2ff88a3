"""Status lists: the draft's vectors, one failing test for each step, and nothing means no."""

import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.verified_id.protocol import status_list
from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.status_list import Status, StatusReference, VerifiedStatusList
from tenants.verified_id.protocol.trust import Trust
from tests.protocol.world import (
    ISSUER,
    NOW,
    STATUS,
    STRANGER,
    TRUST,
    numbered_steps,
    reforge,
    refused,
    tampered,
    vectors,
)

PACKED = status_list.pack_statuses({4711: Status.INVALID, 4712: Status.SUSPENDED})
TOKEN = status_list.build_status_list_token(
    signer=ISSUER,
    uri=STATUS.uri,
    packed=PACKED,
    bits=2,
    issued_at=NOW - 100,
    expires_at=NOW + 900,
    time_to_live=300,
)


def verify(token: str, **changes: Any) -> VerifiedStatusList:
    arguments: dict[str, Any] = {
        "trust": TRUST,
        "expected_uri": STATUS.uri,
        "resolved_at": NOW,
        "now": NOW,
    }
    return status_list.verify_status_list_token(token, **(arguments | changes))


@pytest.mark.parametrize("vector", vectors("status_list")["lists"], ids=lambda vector: str(vector["bits"]))
def test_lists_are_packed_as_in_the_draft(vector: dict[str, Any]) -> None:
    bits, statuses = vector["bits"], vector["statuses"]
    packed = status_list.pack_statuses(dict(enumerate(statuses)), size=len(statuses), bits=bits)
    assert packed.hex() == vector["packed_hex"]
    assert status_list.encode_status_list(packed, bits=bits) == {"bits": bits, "lst": vector["lst"]}
    assert status_list.decode_status_list({"bits": bits, "lst": vector["lst"]}) == (bits, packed)
    assert [status_list.unpack_status(packed, index, bits) for index in range(len(statuses))] == statuses


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_each_status_comes_back_from_its_place(bits: int, data: st.DataObject) -> None:
    places = st.dictionaries(st.integers(0, 199), st.integers(0, 2**bits - 1), max_size=40)
    statuses = data.draw(places)
    packed = status_list.pack_statuses(statuses, size=200, bits=bits)
    assert all(
        status_list.unpack_status(packed, index, bits) == statuses.get(index, 0) for index in range(200)
    )


def test_a_list_says_valid_suspended_and_revoked() -> None:
    verified = verify(TOKEN)
    assert [verified.status(index) for index in (0, 4711, 4712)] == [
        Status.VALID,
        Status.INVALID,
        Status.SUSPENDED,
    ]
    verified.require_valid(StatusReference(STATUS.uri, 5))


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (StatusReference(STATUS.uri, 4711), "status_not_valid"),
        (StatusReference(STATUS.uri, 4712), "status_not_valid"),
        (StatusReference(STATUS.uri, 2**17), "status_index"),
        (StatusReference("https://other.example/list", 5), "status_uri"),
    ],
)
def test_anything_but_valid_in_the_right_list_is_refused(reference: StatusReference, reason: str) -> None:
    assert refused(lambda: verify(TOKEN).require_valid(reference)).reason == reason


def lst(data: bytes) -> dict[str, Any]:
    return {"bits": 2, "lst": b64u(data)}


STEPS: dict[int, list[tuple[str, str]]] = {
    1: [(reforge(TOKEN, header={"typ": "JWT"}), "typ"), (reforge(TOKEN, header={"alg": "none"}), "alg")],
    2: [(reforge(TOKEN, header={"kid": "other"}), "key_not_trusted")],
    3: [(tampered(TOKEN), "signature"), (reforge(TOKEN, signer=STRANGER), "signature")],
    4: [
        (reforge(TOKEN, sub="https://other.example"), "status_sub"),
        (reforge(TOKEN, sub=None), "status_sub"),
    ],
    5: [(reforge(TOKEN, iat=None), "status_iat"), (reforge(TOKEN, iat=NOW + 100), "status_iat")],
    6: [(reforge(TOKEN, exp=NOW), "status_expired"), (reforge(TOKEN, exp="x"), "numeric_date")],
    7: [(reforge(TOKEN, ttl=0), "status_stale")],
    8: [
        (reforge(TOKEN, status_list=None), "status_list"),
        (reforge(TOKEN, status_list={"bits": 3, "lst": "eA"}), "status_list"),
        (reforge(TOKEN, status_list={"bits": True, "lst": "eA"}), "status_list"),
        (reforge(TOKEN, status_list=lst(b"not zlib")), "status_list_zlib"),
        (reforge(TOKEN, status_list=lst(zlib.compress(bytes(5 * 1024 * 1024)))), "status_list_size"),
        (reforge(TOKEN, status_list=lst(zlib.compress(b"ab")[:-2])), "status_list_size"),
        (reforge(TOKEN, status_list=lst(zlib.compress(b"ab") + b"more")), "status_list_size"),
    ],
}


@pytest.mark.parametrize(
    ("step", "token", "reason"), [(step, *case) for step, cases in STEPS.items() for case in cases]
)
def test_a_list_that_fails_one_step_says_nothing(step: int, token: str, reason: str) -> None:
    assert refused(lambda: verify(token)).reason == reason


def test_each_step_of_the_list_has_a_failing_test() -> None:
    assert set(STEPS) == numbered_steps(status_list.verify_status_list_token)


def test_a_cached_list_goes_stale() -> None:
    verify(TOKEN, resolved_at=NOW - 300)
    assert refused(lambda: verify(TOKEN, resolved_at=NOW - 301)).reason == "status_stale"


def test_no_key_and_no_uri_trust_no_list() -> None:
    assert refused(lambda: verify(TOKEN, trust=Trust())).reason == "key_not_trusted"
    assert refused(lambda: verify(reforge(TOKEN, sub=""), expected_uri="")).reason == "status_sub"


def test_an_empty_list_of_131072_entries_is_small() -> None:
    assert len(status_list.encode_status_list(status_list.pack_statuses({}), bits=2)["lst"]) < 120


def test_a_status_that_does_not_fit_is_not_packed() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        status_list.pack_statuses({0: 2}, size=8, bits=1)
    with pytest.raises(ValueError, match="bits"):
        status_list.pack_statuses({}, bits=3)


@pytest.mark.parametrize(("expires_at", "time_to_live"), [(NOW, 300), (NOW + 900, 0)])
def test_a_list_that_is_stale_at_birth_is_not_signed(expires_at: int, time_to_live: int) -> None:
    with pytest.raises(ValueError, match="lives after"):
        status_list.build_status_list_token(
            signer=ISSUER,
            uri=STATUS.uri,
            packed=PACKED,
            bits=2,
            issued_at=NOW,
            expires_at=expires_at,
            time_to_live=time_to_live,
        )


def test_an_index_is_free_and_unpredictable() -> None:
    drawn = iter([3, 3, 3, 1])
    assert status_list.choose_unused_index(used={0, 1, 3}, random_below=lambda n: next(drawn), size=6) == 4
    assert status_list.choose_unused_index(used=set(), random_below=lambda n: n - 1, size=6) == 5


def test_a_full_list_gives_no_index() -> None:
    with pytest.raises(ValueError, match="full"):
        status_list.choose_unused_index(used=range(4), random_below=lambda n: 0, size=4)
