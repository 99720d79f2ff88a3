"""DCQL beyond one credential: alternatives, formats, authorities; and what answers them."""

from typing import Any

import pytest

from tenants.verified_id.protocol.dcql import (
    JWT_VC,
    ClaimQuery,
    CredentialQuery,
    CredentialSetQuery,
    DcqlQuery,
    TrustedAuthority,
    check_complete,
    parse_dcql_query,
)
from tests.protocol.world import REFUSING, VCT, refused

OWN = CredentialQuery("own", (VCT,), (ClaimQuery(("given_name",)),))
EMPLOYEE = CredentialQuery(
    "employee",
    format=JWT_VC,
    type_values=(("VerifiableCredential", "VerifiedEmployee"),),
    claims=(ClaimQuery(("credentialSubject", "mail")),),
)
PID = CredentialQuery(
    "pid",
    ("urn:eudi:pid:1",),
    trusted_authorities=(TrustedAuthority("aki", ("s9tIpPmhxdiuNkHMEWNpYim8S8Y",)),),
)
EITHER = DcqlQuery(
    (OWN, EMPLOYEE, PID),
    (CredentialSetQuery((("own",), ("employee", "pid"))), CredentialSetQuery((("pid",),), required=False)),
)


def test_a_query_reads_as_it_was_written() -> None:
    written = EITHER.to_object()
    assert written["credential_sets"] == [
        {"options": [["own"], ["employee", "pid"]]},
        {"options": [["pid"]], "required": False},
    ]
    assert written["credentials"][1]["meta"] == {
        "type_values": [["VerifiableCredential", "VerifiedEmployee"]]
    }
    assert written["credentials"][2]["trusted_authorities"][0]["type"] == "aki"
    assert parse_dcql_query(written, REFUSING) == EITHER


@pytest.mark.parametrize("found", [["own"], ["employee", "pid"], ["own", "pid"], ["own", "employee", "pid"]])
def test_one_option_of_each_required_set_is_enough(found: list[str]) -> None:
    check_complete(EITHER, found, REFUSING)


@pytest.mark.parametrize("found", [[], ["employee"], ["pid"], ["own", "other"], ["other"]])
def test_less_than_an_option_and_what_was_not_asked_is_refused(found: list[str]) -> None:
    assert refused(lambda: check_complete(EITHER, found, REFUSING)).reason == "vp_token_ids"


def test_where_nothing_is_required_an_empty_answer_is_none_all_the_same() -> None:
    optional = DcqlQuery((OWN,), (CredentialSetQuery((("own",),), required=False),))
    assert refused(lambda: check_complete(optional, [], REFUSING)).reason == "vp_token_ids"


@pytest.mark.parametrize(
    "members",
    [
        {"credential_sets": []},
        {"credential_sets": "own"},
        {"credential_sets": [{}]},
        {"credential_sets": [{"options": []}]},
        {"credential_sets": [{"options": [[]]}]},
        {"credential_sets": [{"options": [["nobody"]]}]},
        {"credential_sets": [{"options": ["own"]}]},
        {"credential_sets": [{"options": [["own"]], "required": "yes"}]},
        {"credential_sets": [{"options": [["own"]] * 33}]},
        {"credential_sets": [{"options": [["own"]]}] * 17},
    ],
    ids=str,
)
def test_a_set_that_cannot_be_read_is_refused(members: dict[str, Any]) -> None:
    assert refused(lambda: parse_dcql_query(EITHER.to_object() | members, REFUSING)).reason == "dcql_query"


@pytest.mark.parametrize(
    "members",
    [
        {"meta": {"type_values": []}},
        {"meta": {"type_values": [[]]}},
        {"meta": {"type_values": ["VerifiedEmployee"]}},
        {"meta": {"vct_values": [VCT]}},
        {"trusted_authorities": [{"type": "aki"}]},
        {"trusted_authorities": [{"type": "aki", "values": []}]},
        {"trusted_authorities": [{"type": 1, "values": ["x"]}]},
        {"format": "ldp_vc"},
    ],
    ids=str,
)
def test_a_credential_query_that_cannot_be_read_is_refused(members: dict[str, Any]) -> None:
    query = {"credentials": [EMPLOYEE.to_object() | members]}
    assert refused(lambda: parse_dcql_query(query, REFUSING)).reason == "dcql_query"


def test_a_query_names_the_types_of_its_own_format() -> None:
    for wrong in (
        {"vct_values": (VCT,), "format": JWT_VC},
        {"type_values": (("A",),)},
        {"vct_values": (VCT,), "type_values": (("A",),)},
    ):
        with pytest.raises(ValueError, match="types of its format"):
            CredentialQuery("a", **wrong)  # type: ignore[arg-type]
