"""The verbs of this room."""

from __future__ import annotations

from vendors.connecting import (
    ask_for_test,
    bring_own_partner,
    choose_partner,
    pause_partner,
    remove_partner,
    unpause_partner,
)
from vendors.endings import note_reused_proof
from vendors.erasing import ask_to_erase_sessions
from vendors.proofing import (
    ProofingResult,
    begin_proofing,
    give_up_proofing,
    receive_return,
    renew_link,
    take_result,
)
from vendors.reserving import (
    Spender,
    proofing_fits,
    release_case,
    release_face_check,
    reserve_face_check,
    reserve_proofing,
)
from vendors.rotating import discard_keys, enter_keys, use_keys

__all__ = [
    "ProofingResult",
    "Spender",
    "ask_for_test",
    "ask_to_erase_sessions",
    "begin_proofing",
    "bring_own_partner",
    "choose_partner",
    "discard_keys",
    "enter_keys",
    "give_up_proofing",
    "note_reused_proof",
    "pause_partner",
    "proofing_fits",
    "receive_return",
    "release_case",
    "release_face_check",
    "remove_partner",
    "renew_link",
    "reserve_face_check",
    "reserve_proofing",
    "take_result",
    "unpause_partner",
    "use_keys",
]
