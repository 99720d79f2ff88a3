"""Every code has a sentence, and no page shows a code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from portal.kit.scope import tenant_scope
from recovery.console import explaining, wording
from recovery.console.showing import TONES
from recovery.statuses import CaseStatus, EvidenceKind
from tenants.directory.matching.comparison import Reason as MatchReason
from tenants.directory.matching.letters import Trouble
from tests.recovery.console.world import add_whole_journey, make_case, make_person, published_profile
from vendors.contract import Outcome, Reason
from vendors.facecheck.reasons import CAPTURE

ROOT = Path(__file__).resolve().parents[3]
CODE = re.compile(r"^[a-z]+(_[a-z]+)+$")


def written_reasons() -> set[str]:
    """Codes that stand as literals in `reasons=[…]` and in the tables of the rooms that decide."""
    found: set[str] = set()
    for path in (*ROOT.glob("recovery/*.py"), *ROOT.glob("recovery/console/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "reasons":
                found |= {
                    leaf.value
                    for leaf in ast.walk(node.value)
                    if isinstance(leaf, ast.Constant)
                    and isinstance(leaf.value, str)
                    and CODE.match(leaf.value)
                }
    for name in ("recovery/decision.py", "tenants/directory/matching/match.py"):
        for node in ast.walk(ast.parse((ROOT / name).read_text())):
            if isinstance(node, ast.Dict):
                found |= {key.value for key in node.keys if isinstance(key, ast.Constant)}
            if isinstance(node, ast.Tuple):
                found |= {
                    leaf.value
                    for leaf in node.elts
                    if isinstance(leaf, ast.Constant)
                    and isinstance(leaf.value, str)
                    and CODE.match(leaf.value)
                }
    for name in ("flash", "turn", "decision"):
        tree = ast.parse((ROOT / f"vendors/facecheck/engine/liveness/{name}.py").read_text())
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and function.name in {
                "judge_flash",
                "judge_turn",
                "_judge_looks",
                "_judge_identity",
            }:
                found |= {
                    leaf.value
                    for leaf in ast.walk(function)
                    if isinstance(leaf, ast.Constant)
                    and isinstance(leaf.value, str)
                    and CODE.match(leaf.value)
                }
    return found - {"lowest_turned"}


def test_every_code_has_a_sentence():
    codes = (
        written_reasons()
        | set(CAPTURE)
        | {reason.value for reason in Reason}
        | {outcome.value for outcome in Outcome}
    )
    codes |= {f"missing_{kind.value}" for kind in EvidenceKind}
    codes |= {reason.value for reason in (*MatchReason, *Trouble)}
    assert "match_several" in codes and "colours_not_answered" in codes and "time_over" in codes
    assert sorted(codes - set(wording.REASONS)) == []


def test_a_code_without_words_is_never_shown_as_it_is():
    assert "some_new_code" not in " ".join(wording.sentences(["some_new_code"]))


def test_every_status_can_be_explained_to_a_caller():
    for status in CaseStatus:
        words = explaining.words_for(status)
        assert words and status in TONES
        assert not re.search(r"birth|portrait|threshold|match", words, re.IGNORECASE)


@pytest.mark.parametrize("status", list(CaseStatus))
def test_no_code_and_no_json_is_on_a_cases_page(tenant, staff_client, status):
    with tenant_scope(tenant.id):
        case = make_case(
            published_profile(), make_person(), status, reasons=["changed_recently", "match_none"]
        )
        add_whole_journey(case)
    page = staff_client().get(f"/o/{tenant.slug}/recovery/cases/{case.public_id}/").content.decode()
    shown = re.sub(r"<(script|svg|style).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", shown) == []
    assert "{" not in shown and "[]" not in shown and "None" not in shown
