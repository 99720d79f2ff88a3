"""Is the proven person the claimed account's, and nobody else's? Pure: no database, no clock, no network."""

from tenants.directory.matching.comparison import (
    Candidate,
    Comparison,
    Decision,
    HeldDocument,
    MatchPolicy,
    Mode,
    NameKind,
    OtherName,
    ProvenIdentity,
    compare,
)
from tenants.directory.matching.finding import document_keys, index_words
from tenants.directory.matching.match import MatchOutcome, PersonMatch, match_person
from tenants.directory.matching.names import normalise, words

__all__ = [
    "Candidate",
    "Comparison",
    "Decision",
    "HeldDocument",
    "MatchOutcome",
    "MatchPolicy",
    "Mode",
    "NameKind",
    "OtherName",
    "PersonMatch",
    "ProvenIdentity",
    "compare",
    "document_keys",
    "index_words",
    "match_person",
    "normalise",
    "words",
]
