"""Is the proven person the claimed account's, and nobody else's? Pure: no database, no clock, no network."""

from tenants.directory.matching.match import (
    Candidate,
    MatchOutcome,
    MatchPolicy,
    PersonMatch,
    ProvenIdentity,
    match_person,
)
from tenants.directory.matching.names import normalise, words

__all__ = [
    "Candidate",
    "MatchOutcome",
    "MatchPolicy",
    "PersonMatch",
    "ProvenIdentity",
    "match_person",
    "normalise",
    "words",
]
