"""Node's `@sd-jwt/sd-jwt-vc` (the library inside Credo wallets) on the other side, in both directions.

The package is looked for in `SD_JWT_NODE_MODULES` (a folder that holds `node_modules`). With CI=true it is
installed from npm into a temporary folder; otherwise these tests are skipped and say so.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tenants.verified_id.protocol import holder, sd_jwt_vc, status_list
from tenants.verified_id.protocol.dcql import ClaimQuery, CredentialQuery
from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.protocol.key_binding import build_kb_jwt
from tests.protocol.world import CLAIMS, DID, HOLDER, ISSUER, NOW, STATUS, TRUST, VCT, credential

PACKAGE = "@sd-jwt/sd-jwt-vc@0.19.0"
AUDIENCE, NONCE = "decentralized_identifier:did:web:verifier.example", "n-0123456789abcdefghijkl"
PRIVATE = {
    "issuer": {**ISSUER.public_jwk, "d": b64u((0x1111).to_bytes(32, "big"))},
    "holder": {**HOLDER.public_jwk, "d": b64u((0x2222).to_bytes(32, "big"))},
}


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    is_ci = os.environ.get("CI") == "true"
    if shutil.which("node") is None:
        assert not is_ci, "Node.js is not installed"
        pytest.skip("Node.js is not installed: @sd-jwt/sd-jwt-vc was not asked")
    if named := os.environ.get("SD_JWT_NODE_MODULES"):
        return Path(named)
    if not is_ci:
        pytest.skip(f"{PACKAGE} was not asked: set SD_JWT_NODE_MODULES, or CI=true to install it from npm")
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text('{"private":true}')
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{PACKAGE} could not be installed: {done.stderr.strip()[-300:]}"
    return folder


def ask(folder: Path, verb: str, **members: Any) -> dict[str, Any]:
    script = str(Path(__file__).with_name("node_peer.mjs"))
    done = subprocess.run(
        ["node", script, str(folder)],
        input=json.dumps({"verb": verb, **members}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def status_token(*statuses: int) -> str:
    return status_list.build_status_list_token(
        signer=ISSUER,
        uri=STATUS.uri,
        packed=status_list.pack_statuses(dict.fromkeys(statuses, 1)),
        bits=2,
        issued_at=NOW - 10,
        expires_at=NOW + 900,
        time_to_live=300,
    )


def shown_here() -> str:
    query = CredentialQuery("id", (VCT,), (ClaimQuery(("given_name",)), ClaimQuery(("portrait",))))
    shown = holder.select_disclosures(credential(decoys=2), query)
    return shown + build_kb_jwt(signer=HOLDER, sd_jwt=shown, audience=AUDIENCE, nonce=NONCE, issued_at=NOW)


def verified_there(folder: Path, presentation: str, **changes: Any) -> dict[str, Any]:
    members = {
        "presentation": presentation,
        "nonce": NONCE,
        "now": NOW,
        "issuerPublic": dict(ISSUER.public_jwk),
    }
    return ask(folder, "verify", **(members | {"statusListToken": status_token()} | changes))


def test_what_is_issued_and_shown_here_is_verified_there_with_its_status(node_folder: Path) -> None:
    answer = verified_there(node_folder, shown_here())
    assert "error" not in answer, answer
    assert answer["payload"]["given_name"] == "Anna" and "family_name" not in answer["payload"]


def test_the_peer_refuses_what_it_should_so_its_consent_means_something(node_folder: Path) -> None:
    assert "error" in verified_there(node_folder, shown_here(), nonce="another")
    assert "error" in verified_there(node_folder, shown_here(), issuerPublic=dict(HOLDER.public_jwk))
    assert "error" in verified_there(node_folder, shown_here(), statusListToken=status_token(STATUS.index))


def test_what_is_issued_and_shown_there_is_verified_here(node_folder: Path) -> None:
    payload = {
        "iss": DID,
        "vct": VCT,
        "iat": NOW - 10,
        "exp": NOW + 1000,
        "cnf": {"jwk": dict(HOLDER.public_jwk)},
        "status": STATUS.as_claim(),
        **CLAIMS,
    }
    issued = ask(
        node_folder,
        "issue",
        payload=payload,
        disclosable=list(CLAIMS),
        kid=ISSUER.kid,
        issuerPrivate=PRIVATE["issuer"],
    )
    shown = ask(
        node_folder,
        "show",
        credential=issued["credential"],
        frame={"family_name": True, "evidence": True},
        keyBinding={"iat": NOW, "aud": AUDIENCE, "nonce": NONCE},
        holderPrivate=PRIVATE["holder"],
    )
    verified = sd_jwt_vc.verify_presentation(
        shown["presentation"],
        trust=TRUST,
        expected_vcts=[VCT],
        expected_nonce=NONCE,
        expected_audience=AUDIENCE,
        now=NOW,
    )
    assert verified.credential.disclosed == {"family_name", "evidence"}
    assert verified.claims["evidence"] == CLAIMS["evidence"] and verified.credential.status == STATUS
