"""The names of everything that is written down: `subject:object:action` (STYLE 13)."""

from __future__ import annotations

from enum import StrEnum


class EventName(StrEnum):
    """One enum for the whole product. A name, once released, keeps its meaning."""

    ORGANISATION_CREATED = "organisation:organisation:create"
    ORGANISATION_CHANGED = "organisation:organisation:change"
    ORGANISATION_CLOSED = "organisation:organisation:close"
    MEMBER_INVITED = "member:invitation:create"
    MEMBER_INVITATION_WITHDRAWN = "member:invitation:withdraw"
    MEMBER_JOINED = "member:seat:create"
    MEMBER_ROLE_CHANGED = "member:role:change"
    MEMBER_REMOVED = "member:seat:remove"
    SETUP_LINK_MADE = "member:setup_link:create"
    SETUP_LINK_USED = "member:setup_link:use"
    SETUP_LINK_WITHDRAWN = "member:setup_link:withdraw"
    SETUP_LINK_COMPLETED = "member:setup_link:complete"

    AUTHORITY_CREATED = "verified_id:authority:create"
    AUTHORITY_CHANGED = "verified_id:authority:change"
    AUTHORITY_KEY_CREATED = "verified_id:key:create"
    LINKED_DOMAIN_CHANGED = "verified_id:linked_domain:change"
    LINKED_DOMAIN_CHECKED = "verified_id:linked_domain:check"
    CREDENTIAL_OFFERED = "verified_id:credential:offer"
    CREDENTIAL_ISSUED = "verified_id:credential:issue"
    CREDENTIAL_ACCEPTED = "verified_id:credential:accept"
    CREDENTIAL_REVOKED = "verified_id:credential:revoke"
    PRESENTATION_REQUESTED = "verified_id:presentation:request"
    PRESENTATION_VERIFIED = "verified_id:presentation:verify"
    PRESENTATION_REFUSED = "verified_id:presentation:refuse"

    PARTNER_CONNECTED = "partner:connection:create"
    PARTNER_DISCONNECTED = "partner:connection:remove"
    PARTNER_TESTED = "partner:connection:test"
    PARTNER_CHANGED = "partner:connection:change"
    PARTNER_FAILING = "partner:connection:fail"
    PROOFING_STARTED = "partner:proofing:start"
    PROOFING_COMPLETED = "partner:proofing:complete"
    PROOFING_REFUSED = "partner:proofing:refuse"
    PROOFING_CONTRADICTED = "partner:proofing:contradict"

    FACE_CHECK_STARTED = "face_check:check:start"
    FACE_CHECK_COMPLETED = "face_check:check:complete"
    USAGE_RECORDED = "usage:entry:record"
    USAGE_KEPT_ASIDE = "usage:entry:keep"
    USAGE_IMPORTED = "usage:entries:import"
    USAGE_CORRECTED = "usage:entry:correct"
    SUBSCRIPTION_CHANGED = "usage:subscription:change"
    PERIOD_CLOSED = "usage:period:close"
    CREDIT_GRANTED = "usage:credit:grant"
    TAX_NOTED = "usage:tax:note"
    CONTRACT_PRICE_ENTERED = "usage:contract_price:enter"

    PEOPLE_IMPORTED = "people:import:apply"
    PEOPLE_EXPORTED = "people:list:export"
    PERSON_CREATED = "people:person:create"
    PERSON_CHANGED = "people:person:change"
    PERSON_SUSPENDED = "people:person:suspend"
    EVIDENCE_HELD = "people:evidence:hold"

    PROFILE_CREATED = "recovery:profile:create"
    PROFILE_CHANGED = "recovery:profile:change"
    PROFILE_PUBLISHED = "recovery:profile:publish"
    PROFILE_WITHDRAWN = "recovery:profile:withdraw"
    CASE_OPENED = "recovery:case:open"
    CASE_MOVED = "recovery:case:move"
    CASE_STEP_RECORDED = "recovery:step:record"
    CASE_DECIDED = "recovery:case:decide"
    CASE_REVIEWED = "recovery:case:review"
    CASE_ACTED_ON = "recovery:case:act"
    CASES_EXPORTED = "recovery:cases:export"
    CASE_ALERTED = "recovery:case:alert"
    CASE_CONTINUATION_ASKED = "recovery:case:ask_to_continue"
    CASE_CONTINUED = "recovery:case:continue"
    CARRY_CODE_REFUSED = "recovery:carry_code:refuse"
    PROOF_REUSED = "recovery:proof:reuse"
    CASE_HANDED_TO_PHONE = "recovery:case:hand_over"
    CONSENT_GIVEN = "recovery:consent:give"
    CONFIRMATION_CODE_SENT = "recovery:confirmation_code:send"
    CONFIRMATION_CODE_ACCEPTED = "recovery:confirmation_code:accept"
    CONFIRMATION_CODE_REFUSED = "recovery:confirmation_code:refuse"

    PASS_ISSUED = "pass:pass:issue"  # noqa: S105
    PASS_REDEEMED = "pass:pass:redeem"  # noqa: S105
    PASS_REFUSED = "pass:pass:refuse"  # noqa: S105
    PASS_REVOKED = "pass:pass:revoke"  # noqa: S105

    PASSKEY_REGISTERED = "passkey:passkey:register"
    PASSKEY_REFUSED = "passkey:passkey:refuse"
    PASSKEY_INVALIDATED = "passkey:passkey:invalidate"
    PASSKEY_FROZEN = "passkey:passkey:freeze"
    SIGNED_IN = "person:browser_session:begin"
    SIGN_IN_REFUSED = "person:browser_session:refuse"
    SESSIONS_ENDED = "person:browser_session:end"
    SAVED_CODES_MADE = "person:saved_codes:create"
    SAVED_CODE_USED = "person:saved_codes:use"
    NOT_ME = "person:recovery:repudiate"

    NOTICE_SENT = "notice:notice:send"
    NOTICE_FAILED = "notice:notice:fail"

    AUDIT_PERSONAL_SEEN = "audit:personal:see"
    AUDIT_EXPORTED = "audit:log:export"
