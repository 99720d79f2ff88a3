"""Names matched and refused by culture and mode, beside Microsoft's rules; and how many comparisons a second.

    python -m tests.benchmarks.bench_matching [--misses]

One core, processor time. A comparison is one document with one account, names and birth date; nearly all of them differ.
`known` names were taken apart before, as in one document against a directory; of `unknown` ones every word is new, on both
sides; `in a stream` each pair comes once, and words come again as they do among people (`tests.matching.crowd`).
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from itertools import product
from uuid import UUID

from tenants.directory.matching import Candidate, MatchPolicy, ProvenIdentity, compare
from tests.matching import crowd
from tests.matching.labelled import NamedPair, Pair, labelled, labelled_with_other_names
from tests.matching.measuring import RULES, named_rates, rates, same_name_strangers
from tests.matching.people import BORN, MODES


def table(pairs: tuple[Pair, ...]) -> list[str]:
    """For each culture and rule: genuine refused / strangers accepted / near names accepted, in percent."""
    cultures: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        cultures[pair.culture].append(pair)
    cultures["all"] = list(pairs)
    lines = [f"{'refused/accepted/near, %':26}{'pairs':>6}" + "".join(f"{name:>19}" for name in RULES)]
    for culture, found in cultures.items():
        cells = (rates(found, rule) for rule in RULES.values())
        figures = "".join(f"{one.refused:8.1f}/{one.accepted:4.1f}/{one.near:4.1f}" for one in cells)
        lines.append(f"{culture:26}{len(found):6}{figures}")
    return lines


def named_table() -> list[str]:
    """Accounts with a former name, or with one in another script: by culture and mode, with a policy that accepts former
    names and one that does not."""
    cultures: dict[str, list[NamedPair]] = defaultdict(list)
    for one in labelled_with_other_names():
        for label in (one.pair.culture, f"all {one.other.kind.value}"):
            cultures[f"{label}"].append(one)
    heads = [f"{mode}{'+' if former else ''}" for mode in MODES for former in (False, True)]
    lines = [f"{'other names, + former count':26}{'pairs':>6}" + "".join(f"{head:>19}" for head in heads)]
    for culture, found in sorted(cultures.items(), key=lambda item: item[0].startswith("all ")):
        cells = (named_rates(found, mode, former_names=former) for mode in MODES for former in (False, True))
        figures = "".join(f"{one.refused:8.1f}/{one.accepted:4.1f}/{one.near:4.1f}" for one in cells)
        lines.append(f"{culture:26}{len(found):6}{figures}")
    return lines


def misses(pairs: tuple[Pair, ...]) -> list[str]:
    """What the most lenient mode still refuses, and the near names it accepts."""
    accepts = RULES["fuzzy"]
    return [
        f"{'refused' if pair.is_same else 'accepted'}  {pair.culture}, {pair.kind}: {pair.shown} {pair.held}"
        for pair in pairs
        if accepts(pair) is not pair.is_same
    ]


def speed(pairs: tuple[Pair, ...], mode: str, number: int = 100_000) -> float:
    """Comparisons a second: documents of all cultures, each with every account of a directory in turn."""
    policy = MatchPolicy.in_mode(mode)
    shown = [ProvenIdentity(*pair.shown, BORN) for pair in pairs if pair.is_same]
    held = [Candidate(UUID(int=at), *pair.held, BORN) for at, pair in enumerate(pairs) if pair.is_same]
    asked = [pair for pair, _ in zip(product(shown, held), range(number), strict=False)]
    began = time.process_time()
    for document, account in asked:
        compare(document, account, policy)
    return len(asked) / (time.process_time() - began)


def speed_unknown(pairs: tuple[Pair, ...], mode: str, number: int = 1_000) -> float:
    """Names nobody compared before: those of the set with syllables of their own behind."""
    policy = MatchPolicy.in_mode(mode)
    same = [pair for pair in pairs if pair.is_same]
    asked = []
    for at in range(number):
        (shown, held), tail = (same[at % len(same)].shown, same[at % len(same)].held), f"{at:05}{mode}"
        syllables = "".join("bakedilofumanesirotu"[2 * int(digit) :][:2] for digit in tail[:5]) + mode
        asked.append(
            (
                ProvenIdentity(shown[0] + syllables, shown[1] + syllables, BORN),
                Candidate(UUID(int=at), held[0] + syllables, held[1] + syllables, BORN),
            )
        )
    began = time.process_time()
    for document, account in asked:
        compare(document, account, policy)
    return len(asked) / (time.process_time() - began)


def speed_in_a_stream(mode: str, number: int = 40_000) -> float:
    """Pairs as they come, none twice; what was learnt of words before is what the pairs before taught."""
    policy = MatchPolicy.in_mode(mode)
    asked = [
        (ProvenIdentity(*shown, BORN), Candidate(UUID(int=at), *held, BORN))
        for at, (shown, held) in enumerate(crowd.pairs(number, len(mode)))
    ]
    began = time.process_time()
    for document, account in asked:
        compare(document, account, policy)
    return len(asked) / (time.process_time() - began)


def main() -> None:
    every = labelled()
    lines = [*table(every), *named_table()]
    for held in (False, True):
        accepted, refused = same_name_strangers(every, held=held)
        what = "a document held before, same birth date" if held else "name and birth date"
        lines.append(f"1,000 same-name strangers, {what}: {accepted} accepted, {refused} genuine refused")
    for mode in MODES:
        known, unknown = speed(every, mode), speed_unknown(every, mode)
        stream = speed_in_a_stream(mode)
        lines.append(
            f"{mode}: {known:,.0f} comparisons a second, {unknown:,.0f} with unknown names, {stream:,.0f} in a stream"
        )
    if "--misses" in sys.argv:
        lines += misses(every)
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
