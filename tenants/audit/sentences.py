"""What each event's name says to a person. One sentence for each, none for anything else; a test counts them."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.kit.actors import ActorKind
from tenants.audit.events import EventName

E = EventName

SENTENCES: dict[EventName, str] = {
    E.ORGANISATION_CREATED: gettext_noop("The organisation was created"),
    E.ORGANISATION_CHANGED: gettext_noop("The organisation's settings were changed"),
    E.ORGANISATION_CLOSED: gettext_noop("The organisation was closed"),
    E.MEMBER_INVITED: gettext_noop("Somebody was invited to become a member"),
    E.MEMBER_INVITATION_WITHDRAWN: gettext_noop("An invitation was withdrawn"),
    E.MEMBER_JOINED: gettext_noop("A member joined"),
    E.MEMBER_ROLE_CHANGED: gettext_noop("A member's role was changed"),
    E.MEMBER_REMOVED: gettext_noop("A member was removed"),
    E.SETUP_LINK_MADE: gettext_noop("A set-up task was sent to a colleague"),
    E.SETUP_LINK_USED: gettext_noop("A colleague opened a set-up task"),
    E.SETUP_LINK_WITHDRAWN: gettext_noop("A set-up link was withdrawn"),
    E.SETUP_LINK_COMPLETED: gettext_noop("A colleague finished a set-up task"),
    E.API_KEY_MADE: gettext_noop("A key for scripts was made"),
    E.API_KEY_REVOKED: gettext_noop("A key for scripts was revoked"),
    E.AUTHORITY_CREATED: gettext_noop("Verified ID was turned on"),
    E.AUTHORITY_CHANGED: gettext_noop("The Verified ID card was changed"),
    E.AUTHORITY_KEY_CREATED: gettext_noop("The authority got a new signing key"),
    E.AUTHORITY_KEY_USED: gettext_noop("The authority signs with another key"),
    E.AUTHORITY_KEY_REVOKED: gettext_noop("A signing key was revoked"),
    E.LINKED_DOMAIN_CHANGED: gettext_noop("The linked domain was changed"),
    E.LINKED_DOMAIN_CHECKED: gettext_noop("The linked domain was checked"),
    E.AUTHORITY_KEY_CERTIFIED: gettext_noop("A key that signs cards got a certificate"),
    E.CLIENT_CERTIFICATE_ADDED: gettext_noop("The authority got a certificate to sign requests with"),
    E.TRUSTED_ISSUER_ADDED: gettext_noop("Another issuer was named to be trusted"),
    E.TRUSTED_ISSUER_CHECKED: gettext_noop("A trusted issuer was checked"),
    E.TRUSTED_ISSUER_REMOVED: gettext_noop("An issuer is not trusted any more"),
    E.ENTRA_CHANGED: gettext_noop("The connection to Microsoft Entra was changed"),
    E.ENTRA_TESTED: gettext_noop("The connection to Microsoft Entra was tested"),
    E.ENTRA_REMOVED: gettext_noop("The connection to Microsoft Entra was removed"),
    E.TRIAL_BEGUN: gettext_noop("Verified ID was tried with somebody's own wallet"),
    E.TRIAL_ENDED: gettext_noop("A trial of Verified ID was over, and its specimen was revoked"),
    E.CREDENTIAL_OFFERED: gettext_noop("A Verified ID was offered to a wallet"),
    E.CREDENTIAL_ISSUED: gettext_noop("A Verified ID was issued"),
    E.CREDENTIAL_ACCEPTED: gettext_noop("A wallet accepted a Verified ID"),
    E.CREDENTIAL_REVOKED: gettext_noop("A Verified ID was revoked"),
    E.CREDENTIALS_REVOKED: gettext_noop("Verified IDs were revoked together"),
    E.CREDENTIAL_SUSPENDED: gettext_noop("A Verified ID was suspended"),
    E.CREDENTIAL_REINSTATED: gettext_noop("A Verified ID was made valid again"),
    E.ISSUANCE_REVIEWED: gettext_noop("A card that waited was released or refused"),
    E.PRESENTATION_REQUESTED: gettext_noop("A Verified ID was asked for"),
    E.PRESENTATION_VERIFIED: gettext_noop("A Verified ID was shown and verified"),
    E.PRESENTATION_REFUSED: gettext_noop("A Verified ID that was shown was refused"),
    E.PARTNER_CONNECTED: gettext_noop("A verification partner was chosen"),
    E.PARTNER_DISCONNECTED: gettext_noop("A verification partner was removed"),
    E.PARTNER_TESTED: gettext_noop("A verification partner was tested and answered well"),
    E.PARTNER_CHANGED: gettext_noop("A verification partner's settings were changed"),
    E.PARTNER_FAILING: gettext_noop("A verification partner failed its test"),
    E.PARTNER_PAUSED: gettext_noop("A verification partner was paused"),
    E.PARTNER_UNPAUSED: gettext_noop("A verification partner is used again"),
    E.PARTNER_RESTING: gettext_noop(
        "A verification partner stopped answering and is offered last for a while"
    ),
    E.PARTNER_RECOVERED: gettext_noop("A verification partner answers again"),
    E.PURCHASE_BEGUN: gettext_noop("A plan of a partner was chosen"),
    E.PURCHASE_MOVED: gettext_noop("The purchase of a partner went on"),
    E.PURCHASE_CANCELED: gettext_noop("A partner was cancelled for the end of the period"),
    E.PURCHASE_RESUMED: gettext_noop("The cancellation of a partner was taken back"),
    E.PRICE_CHANGE_TOLD: gettext_noop("Those who pay were told that a price will change"),
    E.PROOFING_STARTED: gettext_noop("Somebody was sent to a verification partner"),
    E.PROOFING_COMPLETED: gettext_noop("A verification partner gave its answer"),
    E.PROOFING_REFUSED: gettext_noop("A verification partner's answer could not be used"),
    E.PROOFING_CONTRADICTED: gettext_noop("A verification partner contradicted itself"),
    E.PROOFING_ERASED: gettext_noop("A verification partner was asked to erase what it kept of a session"),
    E.FACE_CHECK_STARTED: gettext_noop("A Face Check was started"),
    E.FACE_CHECK_COMPLETED: gettext_noop("A Face Check was decided"),
    E.USAGE_COUNTED: gettext_noop("Checks were counted"),
    E.USAGE_KEPT_ASIDE: gettext_noop("A check that could not be counted was kept aside"),
    E.USAGE_IMPORTED: gettext_noop("Checks were counted from a file"),
    E.USAGE_EXPORTED: gettext_noop("The list of checks was exported"),
    E.USAGE_CORRECTED: gettext_noop("A counted check was taken back"),
    E.SUBSCRIPTION_CHANGED: gettext_noop("The plan was chosen or changed"),
    E.PERIOD_CLOSED: gettext_noop("A billing period was closed"),
    E.CREDIT_GRANTED: gettext_noop("A credit was given"),
    E.TAX_NOTED: gettext_noop("The tax of an invoice was written down"),
    E.RESET_COST_CHANGED: gettext_noop("What a reset at the help desk costs was changed"),
    E.PAYMENT_ASKED: gettext_noop("The payment pages were opened"),
    E.PAYMENT_CALL_REFUSED: gettext_noop("Stripe refused something it was asked for"),
    E.PAYMENT_MISSED: gettext_noop("An invoice was not paid by its day, or its payment was declined"),
    E.PAYMENTS_RECONCILED: gettext_noop("The ledger and Stripe were compared"),
    E.BUDGET_OPENED: gettext_noop("A budget was opened"),
    E.BUDGET_CHANGED: gettext_noop("A budget was changed"),
    E.BUDGET_CLOSED: gettext_noop("A budget was closed"),
    E.BUDGET_LIFTED: gettext_noop("The cap of a budget was lifted for some hours"),
    E.BUDGET_SHARE_SPENT: gettext_noop("A share of a budget was spent"),
    E.BUDGET_CAP_MET: gettext_noop("The cap of a budget held a check up"),
    E.CONTRACT_PRICE_ENTERED: gettext_noop("The price of an own contract was entered"),
    E.BILLING_DETAILS_CHANGED: gettext_noop("Whom invoices are made out to was changed"),
    E.ENTRY_DISPUTED: gettext_noop("A charge was disputed"),
    E.DISPUTE_SETTLED: gettext_noop("A disputed charge was answered"),
    E.PARTNER_INVOICE_COMPARED: gettext_noop("A partner's invoice was compared with what was counted"),
    E.PEOPLE_IMPORTED: gettext_noop("People were imported"),
    E.PEOPLE_EXPORTED: gettext_noop("The list of people was exported"),
    E.PERSON_CREATED: gettext_noop("A person was added"),
    E.PERSON_CHANGED: gettext_noop("A person's details were changed"),
    E.PERSON_SUSPENDED: gettext_noop("A person was suspended"),
    E.PERSON_REMOVED: gettext_noop("A person was removed"),
    E.GROUP_CREATED: gettext_noop("A group was added"),
    E.GROUP_CHANGED: gettext_noop("A group was changed"),
    E.GROUP_REMOVED: gettext_noop("A group was removed"),
    E.PROVISIONING_OPENED: gettext_noop("A token for provisioning was made"),
    E.PROVISIONING_CLOSED: gettext_noop("A token for provisioning was revoked"),
    E.GRAPH_CONNECTED: gettext_noop(
        "The directory at Microsoft Entra was connected or its connection changed"
    ),
    E.GRAPH_TESTED: gettext_noop("The connection to the directory at Microsoft Entra was tested"),
    E.GRAPH_PAUSED: gettext_noop("Synchronising with Microsoft Entra was paused"),
    E.GRAPH_RESUMED: gettext_noop("Synchronising with Microsoft Entra goes on"),
    E.GRAPH_REMOVED: gettext_noop("The connection to the directory at Microsoft Entra was removed"),
    E.ACCOUNTS_HOME_CHANGED: gettext_noop(
        "Where people's accounts live, or what a recovery does there, was changed"
    ),
    E.SYNC_ASKED: gettext_noop("A synchronisation was asked for"),
    E.SYNC_ENDED: gettext_noop("A synchronisation ended"),
    E.SYNC_REMOVAL_HELD: gettext_noop("A synchronisation would remove many people and waits for an owner"),
    E.SYNC_REMOVAL_ALLOWED: gettext_noop("An owner allowed a synchronisation to remove who left"),
    E.EVIDENCE_HELD: gettext_noop("Evidence about a person was kept"),
    E.PROFILE_CREATED: gettext_noop("A recovery profile was written"),
    E.PROFILE_CHANGED: gettext_noop("A recovery profile was changed"),
    E.PROFILE_PUBLISHED: gettext_noop("A recovery profile went into force"),
    E.PROFILE_WITHDRAWN: gettext_noop("A recovery profile was withdrawn"),
    E.CALLOUT_CREATED: gettext_noop("A callout to your own systems was entered"),
    E.CALLOUT_CHANGED: gettext_noop("A callout to your own systems was changed"),
    E.CALLOUT_REMOVED: gettext_noop("A callout to your own systems was removed"),
    E.CALLOUT_TESTED: gettext_noop("A callout to your own systems was tested"),
    E.CALLOUT_ANSWERED: gettext_noop("A callout was asked about a case"),
    E.CALLOUT_KEY_REPLACED: gettext_noop("The key that signs callouts was replaced"),
    E.PROFILE_MOVED: gettext_noop("Recovery profiles changed places in their order"),
    E.READINESS_CHECKED: gettext_noop("It was looked who could recover"),
    E.READINESS_EXPORTED: gettext_noop("The list of people who could not recover was exported"),
    E.READINESS_MAIL_CHANGED: gettext_noop("The weekly mail about readiness was turned on or off"),
    E.REHEARSAL_BEGUN: gettext_noop("A recovery profile was rehearsed"),
    E.REHEARSAL_EXPORTED: gettext_noop("What a rehearsal found was exported"),
    E.CASE_OPENED: gettext_noop("A case was opened"),
    E.CASE_MOVED: gettext_noop("A case moved on"),
    E.CASE_STEP_RECORDED: gettext_noop("A step of a case was recorded"),
    E.CASE_DECIDED: gettext_noop("A case was decided"),
    E.CASE_REVIEWED: gettext_noop("A member reviewed a case"),
    E.CASE_ACTED_ON: gettext_noop("A member acted on a case"),
    E.CASES_EXPORTED: gettext_noop("The list of cases was exported"),
    E.CASE_ALERTED: gettext_noop("Members were alerted about a case"),
    E.CASE_CONTINUATION_ASKED: gettext_noop("A continuation code was typed in another browser"),
    E.CASE_CONTINUED: gettext_noop("A case was continued in another browser"),
    E.CARRY_CODE_REFUSED: gettext_noop("A code that moves a case was refused"),
    E.PROOF_REUSED: gettext_noop("An earlier proof served a case again"),
    E.PROOF_VOIDED: gettext_noop("What an eID proved does not stand any more"),
    E.CASE_HANDED_TO_PHONE: gettext_noop("A case was moved to another browser"),
    E.PAID_CHECK_HELD_BACK: gettext_noop("A paid check was not begun, since one network began too many"),
    E.CONSENT_GIVEN: gettext_noop("A claimant consented"),
    E.CONFIRMATION_CODE_SENT: gettext_noop("A confirmation code was sent"),
    E.CONFIRMATION_CODE_ACCEPTED: gettext_noop("A confirmation code was accepted"),
    E.CONFIRMATION_CODE_REFUSED: gettext_noop("A confirmation code was refused"),
    E.PASS_ISSUED: gettext_noop("A Temporary Access Pass was issued"),
    E.PASS_REDEEMED: gettext_noop("A Temporary Access Pass was used"),
    E.PASS_REFUSED: gettext_noop("A Temporary Access Pass was refused"),
    E.PASS_REVOKED: gettext_noop("A Temporary Access Pass was revoked"),
    E.PASS_SHOWN: gettext_noop("A Temporary Access Pass was shown to whoever recovered"),
    E.PASS_DELAYED: gettext_noop("A Temporary Access Pass could not be made yet"),
    E.PASS_LOST: gettext_noop("A Temporary Access Pass was replaced or removed in its directory"),
    E.PASS_ASKED_AGAIN: gettext_noop("Another Temporary Access Pass was asked for on the same proof"),
    E.ACCOUNT_CLEARED: gettext_noop(
        "Ways to sign in and sessions were removed in the directory of an account"
    ),
    E.PASSKEY_REGISTERED: gettext_noop("A passkey was registered"),
    E.PASSKEY_REFUSED: gettext_noop("A passkey was refused"),
    E.PASSKEY_INVALIDATED: gettext_noop("A passkey was invalidated"),
    E.PASSKEY_FROZEN: gettext_noop("A passkey was frozen"),
    E.SIGNED_IN: gettext_noop("A person signed in"),
    E.SIGN_IN_REFUSED: gettext_noop("A passkey that was taken away was tried"),
    E.SESSIONS_ENDED: gettext_noop("A person's sign-ins were ended"),
    E.SAVED_CODES_MADE: gettext_noop("Saved recovery codes were made"),
    E.SAVED_CODE_USED: gettext_noop("A saved recovery code was used"),
    E.NOT_ME: gettext_noop("Somebody said: this was not me"),
    E.NOTICE_SENT: gettext_noop("A notice was sent"),
    E.NOTICE_FAILED: gettext_noop("A notice could not be sent"),
    E.NOTICE_TO_NOBODY: gettext_noop("A notice reached nobody, since no address is held"),
    E.AUDIT_PERSONAL_SEEN: gettext_noop("A member looked at the personal details of an entry"),
    E.AUDIT_EXPORTED: gettext_noop("The audit log was exported"),
}

ACTORS: dict[ActorKind, str] = {
    ActorKind.MEMBER: gettext_noop("Member"),
    ActorKind.PERSON: gettext_noop("Person"),
    ActorKind.CLAIMANT: gettext_noop("Claimant"),
    ActorKind.VENDOR: gettext_noop("Verification partner"),
    ActorKind.WALLET: gettext_noop("Wallet"),
    ActorKind.OPERATOR: gettext_noop("Readmit's staff"),
    ActorKind.API_KEY: gettext_noop("A key for scripts"),
    ActorKind.PROVISIONER: gettext_noop("Provisioning"),
    ActorKind.SYSTEM: gettext_noop("Readmit"),
}

EVENT_NAMES = frozenset(name.value for name in EventName)
ACTOR_KINDS = frozenset(kind.value for kind in ActorKind)

PROBLEMS: dict[str, str] = {
    "link_removed": gettext_noop("An entry was removed."),
    "event_removed": gettext_noop("An entry's content was removed."),
    "event_changed": gettext_noop("An entry was changed or moved."),
    "event_added": gettext_noop("An entry was added beside the chain."),
    "chain_rewritten": gettext_noop("The entries were computed anew after they had been signed."),
    "tail_cut": gettext_noop("The newest entries were cut off."),
    "head_forged": gettext_noop("A signature on the log is not ours."),
    "head_signer_unknown": gettext_noop("The log was signed with a key this installation does not know."),
    "head_file_unreadable": gettext_noop("The file of signatures beside the database cannot be read."),
}


def sentence_of(name: str) -> str:
    """For a name that a later version wrote, honest words instead of a code."""
    if name in EVENT_NAMES:
        return _(SENTENCES[EventName(name)])
    return _("Something this version has no words for")


def actor_label(kind: str) -> str:
    return _(ACTORS[ActorKind(kind)]) if kind in ACTOR_KINDS else _("Unknown")


def problem_of(code: str) -> str:
    return _(PROBLEMS[code]) if code in PROBLEMS else _("The log does not hold.")
