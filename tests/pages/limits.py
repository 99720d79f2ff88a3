"""How many statements a page may take, and the pages that may take more, with the reason.

Counted is everything that is sent to the database, the `SET LOCAL` of each scope and savepoints among it; BEGIN and
COMMIT, which ask nothing, are not.
"""

from __future__ import annotations

LIMIT = 12
MILLISECONDS = 100

COMMITS = (
    "counts the try or consumes the code and commits before it compares, then acts: several scopes (STYLE 19)"
)
SENT = "consumes what a wallet sent and commits before it verifies it: several scopes (STYLE 19)"
LOCKS = "locks the case and reads again under the lock what the page was chosen by, then writes"
GUEST = "somebody without an account: link, its maker's right, the item, and a session of their own"
SAVEPOINT = "changes several things or none inside the page's scope: savepoints, and a lock after the look"
SEATS = "one change of seats at a time: locks, reads again, and takes back what was sent beyond the new role"
DEAREST = "reads prices and connections to say what one recovery costs at most"
SHOWN_ONCE = "makes what opens a card and draws the whole page with it, since it is shown once and not kept"
ONCE = "counts and verifies the key in scopes of their own (eight), keeps the answer for a day, reads what a budget may name"
PROVISIONED = (
    "counts, finds the organisation and the token, then locks, compares and changes one person in savepoints of "
    "its own, with everything the person is found by, and writes it down; "
)
BUYING = "locks what is being bought and the books, reads prices and the plan whose place it takes, and puts the plan in force"
# The number is the most; who makes a page better writes the smaller one down.
EXCEPTIONS: dict[str, tuple[int, str]] = {
    "tenant POST /recover/code": (15, COMMITS),
    "tenant POST /recover/code/saved": (15, COMMITS),
    "tenant POST /recover/code/none": (
        24,
        "counts the network, then locks the case and every profile that leads there, counts the day under the lock and goes on, "
        "or draws the page of the code and tells the members: several scopes",
    ),
    "tenant GET /recover/consent": (
        13,
        "looks who of the partners is for the person, by country and groups, which of them answers, and which way is open beside",
    ),
    "tenant POST /recover/consent": (
        31,
        "keeps the consent and with which partner, counts the partner's sessions, looks for a proof that may serve again and for a card that is held, asks whether anybody is let in where accounts live, reserves what it costs and begins the proofing; "
        + LOCKS,
    ),
    "site POST /operator/refunds/<slug:slug>/<str:refund>": (
        23,
        "confirms who is an operator and is none of the organisation's members, reads the refund with what it paid for, and under the lock of the books once more; writes its entry and event",
    ),
    "site POST /o/<slug:organisation>/people/coverage/invite/<str:person_id>": (
        19,
        "one mail at a time for an organisation: locks it, looks at each reason why somebody is left out, writes the link and the mail",
    ),
    "tenant POST /recover/attest": (
        29,
        "finds who may be asked before and under the lock, each with what keeps them out, counts the network, the case, the person and every mailbox, and writes the question with its mails; "
        + COMMITS,
    ),
    "tenant POST /attest/<str:token>": (
        24,
        "looks once more at what keeps an attester out, counts the try and commits, locks case and question, takes the word, writes step and event, and has the case decided; "
        + COMMITS,
    ),
    "tenant POST /recover/continue": (13, COMMITS),
    "tenant POST /recover/continue/code": (18, COMMITS),
    "tenant POST /recover/continue/code/saved": (13, COMMITS),
    "tenant POST /recover/continue/code/again": (13, COMMITS),
    "tenant POST /recover/credential/again": (15, "voids the card and asks for another; " + LOCKS),
    "tenant POST /recover/eid/stop": (
        14,
        "ends the attempt: its event, its entry in the ledger, and what follows it; " + LOCKS,
    ),
    "tenant POST /recover/passkey/options": (13, COMMITS),
    "tenant POST /recover/passkey/register": (
        27,
        "ends the recovery with the new passkey: old passkeys, sessions, evidence and when it was confirmed, binding, earlier cards, notices; "
        + COMMITS,
    ),
    "tenant POST /recover/credential/offer": (
        16,
        "locks the case, reads what is under way and what may answer it, then writes down the request, its card and two jobs",
    ),
    "tenant POST /recover/present/ask": (
        16,
        "locks the case, reads what is under way and what may answer it, reserves and writes down the check and the request",
    ),
    "tenant POST /security/passkeys/options": (13, COMMITS),
    "tenant POST /security/verified-id/get": (
        17,
        "counts the person and commits, then opens a case with its first step and moves it: several scopes (STYLE 19)",
    ),
    "tenant POST /security/verified-id/<str:credential_id>/remove": (
        16,
        "revokes the card, forgets whose it was, and tells every address, each in an entry of its own",
    ),
    "tenant POST /sign-in/complete": (13, COMMITS),
    "tenant POST /enter/passkey/options": (14, COMMITS),
    "tenant POST /enter/passkey/register": (
        20,
        "looks under the person's lock whether they may, keeps the passkey, voids other links and tells every address; "
        + COMMITS,
    ),
    "tenant POST /could-i-recover/": (
        18,
        "counts the network and the person and commits, then looks for namesakes by every name they have, as a recovery does, for signs of risk and for what goes soon: several scopes",
    ),
    "tenant POST /not-me/<str:token>": (
        23,
        "stops everything a case gave in one transaction: passes, passkeys, sessions, saved codes, evidence, binding",
    ),
    "tenant POST /bridge/consent": (
        17,
        "counts network and person, then keeps the consent, counts the client's day under its lock, reserves what it costs and begins the proofing: several scopes (STYLE 19)",
    ),
    "tenant POST /bridge/stop": (
        13,
        "ends the run and the attempt, frees what was reserved, and tells; " + LOCKS,
    ),
    "tenant POST /bridge/token": (
        15,
        "counts and proves the client, uses the code up, and signs, in a scope each (STYLE 19)",
    ),
    "tenant POST /openid4vci/credential": (18, SENT),
    "tenant POST /openid4vp/responses/<str:presentation_id>": (15, SENT),
    "site POST /owner-recovery/<str:token>/code": (
        33,
        "looks whether each organisation was told, writes it down there, tells every owner, and signs the browser in; "
        + COMMITS,
    ),
    "site POST /owner-recovery/stop/<str:token>": (
        23,
        "writes it down in each organisation that the account opens, tells every owner, and reads how it stands",
    ),
    "site POST /setup/<str:token>/code": (15, GUEST + "; " + COMMITS),
    "site POST /o/<slug:organisation>/partners/<slug:vendor>/keys/use": (
        14,
        "locks the connection, exchanges two sets of keys, looks which former ones are too many, plans their end and a test",
    ),
    "site GET /o/<slug:organisation>/partners/<slug:vendor>/record": (
        13,
        "beside its health, sessions, signals and erase requests what it cost in two stretches, and since when that is known",
    ),
    "site POST /o/<slug:organisation>/partners/<slug:vendor>/buy": (14, BUYING),
    "site POST /o/<slug:organisation>/partners/<slug:vendor>/buy/review": (22, BUYING),
    "site POST /o/<slug:organisation>/partners/bridge/new": (
        14,
        "counts the clients, makes the first key and the secret; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/partners/bridge/<str:client_id>/edit": (
        13,
        "offers the partners, and looks whose name it is; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/partners/bridge/<str:client_id>/remove": (
        20,
        "ends whoever is under way, one by one; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/verified-id/domain": (15, SAVEPOINT),
    "site POST /o/<slug:organisation>/verified-id/rotate": (
        16,
        "makes two keys, sealed, a status list and the work to fetch them, under the authority's lock",
    ),
    "site POST /o/<slug:organisation>/verified-id/keys/<str:thumbprint>/compromised": (
        20,
        "revokes a key and its cards at once, and makes another with its status list, under the authority's lock",
    ),
    "site POST /o/<slug:organisation>/verified-id/entra": (13, SAVEPOINT),
    "site POST /o/<slug:organisation>/verified-id/try/end": (14, "revokes and destroys what a trial gave"),
    "site POST /o/<slug:organisation>/verified-id/try/offer": (20, SHOWN_ONCE),
    "site POST /o/<slug:organisation>/verified-id/try/request": (18, SHOWN_ONCE),
    "site POST /o/<slug:organisation>/people/import/<str:import_id>/apply": (
        20,
        "the same for ten thousand people as for one; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/people/import/<str:import_id>/undo": (
        25,
        "counts the effect, then removes and writes back, table by table; the same for two thousand people as for one",
    ),
    "site POST /o/<slug:organisation>/people/directory/allow": (15, SAVEPOINT),
    "site POST /o/<slug:organisation>/people/directory/remove": (
        15,
        "lets go of everything that is known of the other side, table by table; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/recovery/cases/<str:case_id>/<slug:action>": (13, SAVEPOINT),
    "site POST /o/<slug:organisation>/recovery/reviews/<str:case_id>/": (
        16,
        "reads whom the profile lets review as well; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/recovery/profiles/<str:profile_id>/guide/<slug:part>": (
        14,
        "offers what the step chooses from, keeps the version and where it was left; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/recovery/profiles/<str:profile_id>/restore/<int:version>": (
        15,
        "reads the version, looks who may review what it leads to, and keeps another; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/recovery/profiles/<str:profile_id>/risk": (
        13,
        "offers who may review, and keeps the version; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/recovery/profiles/<str:profile_id>/partners": (
        14,
        "offers partners and groups, looks whether the groups are there, and keeps the version; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/recovery/profiles/<str:profile_id>/go-live": (15, SAVEPOINT),
    "site POST /o/<slug:organisation>/recovery/profiles/<str:profile_id>/go-back": (15, SAVEPOINT),
    "site GET /o/<slug:organisation>/recovery/profiles/<str:profile_id>/evaluation": (13, DEAREST),
    "site GET /o/<slug:organisation>/recovery/profiles/<str:profile_id>/": (
        14,
        DEAREST + "; offers partners, departments, groups and callouts, and tells the history",
    ),
    "site POST /o/<slug:organisation>/recovery/profiles/<str:profile_id>/": (
        20,
        DEAREST + "; offers callouts; keeps the version; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/recovery/profiles/callouts/new": (
        13,
        "makes the key as well where it is the first; " + SAVEPOINT,
    ),
    "site POST /o/<slug:organisation>/recovery/profiles/callouts/<str:callout_id>/remove": (14, SAVEPOINT),
    "site POST /o/<slug:organisation>/recovery/profiles/<str:profile_id>/publish": (
        14,
        DEAREST + "; " + SAVEPOINT,
    ),
    "site GET /o/<slug:organisation>/people/<str:person_id>/export": (
        17,
        "tells everything that is held of one person: a statement for each kind of thing, in every room",
    ),
    "site POST /o/<slug:organisation>/people/<str:person_id>/details": (
        25,
        "each kind of name is compared with what is held, who is still there is asked under the lock, identifiers keep their day, it is told at the addresses held before, and searched for anew",
    ),
    "site POST /o/<slug:organisation>/people/<str:person_id>/remove": (
        20,
        "everything that is held of the person goes, table by table",
    ),
    "site GET /o/<slug:organisation>/usage/": (
        14,
        "where own contracts were used also since when each has a price, and whether one without is still in use",
    ),
    "site POST /o/<slug:organisation>/usage/budgets/new": (
        15,
        "adds up what the ledger has under a lock that writers share, then tells whose share is spent",
    ),
    "site POST /o/<slug:organisation>/usage/budgets/<str:budget_id>/": (
        15,
        "compares with what is spent under a lock that writers share, then tells whose share is spent",
    ),
    "site GET /scim/<slug:slug>/v2": (
        17,
        PROVISIONED + "a search at the root counts and reads both types, groups with their members",
    ),
    "site GET /scim/<slug:slug>/v2/": (
        16,
        PROVISIONED + "a search at the root counts and reads both types, groups with their members",
    ),
    "site POST /scim/<slug:slug>/v2/<path:path>": (24, PROVISIONED + "a new person has six tables"),
    "site PATCH /scim/<slug:slug>/v2/<path:path>": (
        39,
        PROVISIONED + "identifiers keep their day, the former addresses are told",
    ),
    "site PUT /scim/<slug:slug>/v2/<path:path>": (18, PROVISIONED + "of a group, who joins and who leaves"),
    "site DELETE /scim/<slug:slug>/v2/<path:path>": (
        29,
        PROVISIONED + "and everything it knows of them goes",
    ),
    "site POST /api/v1/budgets": (26, ONCE + ", and opens it under a lock that writers share"),
    "site POST /api/v1/budgets/<str:budget_id>": (
        29,
        ONCE + ", reads it before and after, and changes it under that lock",
    ),
    "site POST /o/<slug:organisation>/members/<slug:member>": (13, SEATS),
    "site POST /o/<slug:organisation>/members/<slug:member>/remove": (16, SEATS),
    "site POST /join/<str:token>/accept": (16, "takes the seat and the name of whoever joins; " + COMMITS),
    "site POST /o/<slug:organisation>/usage/disputes/<str:entry_id>/open": (
        15,
        "writes the dispute under the ledger's lock and tells those who manage billing",
    ),
    "site POST /o/<slug:organisation>/usage/partner-invoices/new": (
        15,
        "the same for ten thousand lines as for one: reads, compares and keeps what differs",
    ),
    "site POST /o/new": (17, "makes an organisation before there is a scope to write in; " + COMMITS),
}
# Judged by the vision process, not held to the figures of pages without image work.
IMAGES = frozenset(
    {"tenant POST /recover/face/clip", "tenant POST /bridge/face/clip", "tenant POST /try/person"}
)
