"""Verifiers of another make, in an environment of their own: polaris-oid4vp asks and judges, openvc-core verifies.

One JSON object a line on stdin, one answer a line on stdout. Everything it needs of the issuer it fetches over HTTP;
written here is only the way to names under .localhost, which no resolver knows.
"""

import http.client
import json
import sys
from typing import Any
from urllib.parse import urlsplit

from openvc import VerificationPolicy, verify_credential
from openvc.did.base import DidResolverRegistry
from openvc.did.did_web import DidWebResolver
from openvc.resolvers import default_status_list_token_resolver
from openvc.type_metadata import validate_type_metadata
from polaris_oid4vp.sdjwt import _es256_public_key, _verify_es256
from polaris_oid4vp.status import StatedAuthority, decide_by_fetching
from polaris_oid4vp.verifier import Verifier

FETCHED: list[str] = []


def fetch(url: str) -> bytes:
    """Plain HTTP to this machine, whatever scheme a did:web library writes: the name keeps its port."""
    parts = urlsplit(url)
    door = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=20)
    door.request("GET", parts.path, headers={"Host": parts.netloc})
    answer = door.getresponse()
    if answer.status != 200:
        raise OSError(f"{url} answers {answer.status}")
    FETCHED.append(f"{answer.headers['Content-Type']} {parts.path}")
    return answer.read()


def keys_of(issuer: str) -> list[dict[str, Any]]:
    """Polaris knows no DIDs: the issuer's keys are pinned from its `jwt-vc-issuer` document."""
    found: list[dict[str, Any]] = json.loads(fetch(f"{issuer}/.well-known/jwt-vc-issuer"))["jwks"]["keys"]
    return found


class Polaris:
    def __init__(self) -> None:
        self._verifier: Verifier | None = None

    def ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        keys = keys_of(asked["issuer"])
        self._verifier = Verifier(
            client_cert_pem=asked["certificate"].encode(),
            client_key_pem=asked["key"].encode(),
            request_uri="https://verifier.test/request",
            response_uri="https://verifier.test/response",
            issuer_jwks=keys,
            vct_values=[asked["vct"]],
            claims=asked["claims"],
            credential_query_id="verified_id",
            status_resolver=self._status(asked, keys),
        )
        session, made = self._verifier.new_request()
        return {"request": made, "client_id": self._verifier.client_id, "state": session.state}

    @staticmethod
    def _status(asked: dict[str, Any], keys: list[dict[str, Any]]) -> Any:
        def resolve(*, uri: str, idx: int, issuer: str | None) -> Any:
            stated = StatedAuthority().state(
                credential_issuer=issuer,
                status_uri=uri,
                verify=verify_with(keys),
                why="the issuer's own keys",
            )
            return decide_by_fetching(
                index=idx, expected_uri=uri, authority=stated, fetch=fetch, credential_issuer=issuer
            )

        return resolve

    def judge(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self._verifier is not None
        status, body, verdict = self._verifier.handle_direct_post({"response": [asked["response"]]})
        revocation = verdict.revocation or {}
        return {
            "status": status,
            "body": body,
            "code": verdict.code,
            "reason": verdict.reason,
            "claims": verdict.claims,
            "revocation": {name: revocation.get(name) for name in ("state", "status", "reason")},
        }


def verify_with(keys: list[dict[str, Any]]) -> Any:
    def verify(signing_input: bytes, signature: bytes, _header: dict[str, Any]) -> bool:
        return any(_verify_es256(_es256_public_key(key), signing_input, signature) for key in keys)

    return verify


def credential(asked: dict[str, Any]) -> dict[str, Any]:
    """openvc-core: the issuer's DID, the signature, the disclosures, the status list and the type metadata."""
    registry = DidResolverRegistry([DidWebResolver(lambda url: json.loads(fetch(url)))])
    result = verify_credential(
        asked["credential"],
        policy=VerificationPolicy(expected_vct=asked["vct"], require_status_issuer_binding=True),
        resolver=registry,
        resolve_status_list_token=default_status_list_token_resolver(
            resolver=registry, fetch=lambda url: fetch(url).decode()
        ),
    )
    kind = validate_type_metadata(result.claims, vct=asked["vct"], resolve=fetch)
    return {
        "format": result.format,
        "issuer": result.issuer,
        "claims": result.credential,
        "status": str(result.status),
        "described": sorted("/".join(map(str, claim["path"])) for claim in kind.claims),
    }


def main() -> None:
    polaris = Polaris()
    verbs = {"ask": polaris.ask, "judge": polaris.judge, "credential": credential}
    for line in sys.stdin:
        asked = json.loads(line)
        FETCHED.clear()
        try:
            answer = verbs[asked["verb"]](asked)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps({**answer, "fetched": FETCHED}, default=str) + "\n")
        sys.stdout.flush()


main()
