"""What a profile does, in sentences: for the last page of the guide, where somebody decides whether to put it into force."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recovery.attesting.attesters import asks_for_attestation
from recovery.callouts.services import callout_names
from recovery.console.partner_words import partners_in_words, told_in_words
from recovery.console.profile_labels import said
from recovery.console.profile_words import is_for
from recovery.console.sign_words import NAMES
from recovery.models import Profile
from recovery.reviewing import reviewers_of
from recovery.signs import Sign
from recovery.statuses import Told
from tenants.directory.connections.accounts import home_of_accounts
from tenants.directory.connections.models import DirectoryConnection
from tenants.directory.connections.services import provider_of
from tenants.directory.selectors import group_names


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A heading, what it says, and the step at which it is changed."""

    heading: str
    sentences: list[str]
    step: str


def sentences_of(profile: Profile) -> list[Paragraph]:
    """In the order in which a recovery meets them."""
    return [
        Paragraph(_("Who may recover"), _who(profile), "who"),
        Paragraph(_("What they prove"), _proof(profile), "proof"),
        Paragraph(_("What is compared"), _match(profile), "match"),
        Paragraph(_("If something is odd"), _risk(profile), "risk"),
        Paragraph(_("What they get"), _pass(profile), "proof"),
        Paragraph(_("If no code reaches them"), _without_code(profile), "limits"),
        Paragraph(_("Limits and notices"), _limits(profile), "limits"),
    ]


def _who(profile: Profile) -> list[str]:
    names = group_names() if profile.groups_in or profile.groups_out else {}
    found = [_("%(who)s.") % {"who": is_for(profile, names)}]
    if not profile.privileged:
        found.append(_("Nobody whose account your directory marks as privileged."))
    return found


def _proof(profile: Profile) -> list[str]:
    partners = partners_in_words(profile)
    found = [_("%(evidence)s.") % {"evidence": said("evidence_required", profile.evidence_required)}]
    if partners:
        found.append(_("Checked by %(partners)s.") % {"partners": _(", then by ").join(partners)})
        found += told_in_words(profile)
    else:
        found.append(_("No partner is chosen yet, so nobody could prove anything."))
    found.append(
        _("The live face has to reach %(threshold)d of 100.") % {"threshold": profile.face_threshold}
    )
    if asks_for_attestation(profile):
        found.append(
            _("At last somebody who knows them says that it is them: %(said)s.")
            % {"said": said("attestation", profile.attestation)}
        )
    if profile.held_days:
        found.append(
            ngettext(
                "A Verified ID from before, not older than %(days)d day, spares them the document.",
                "A Verified ID from before, not older than %(days)d days, spares them the document.",
                profile.held_days,
            )
            % {"days": profile.held_days}
        )
    return found


def _match(profile: Profile) -> list[str]:
    found = [_("%(names)s.") % {"names": Profile.Names(profile.names).label}]
    if profile.birthdate_required:
        found.append(_("The date of birth has to agree."))
    else:
        found.append(
            _("A date of birth is not asked for: two people of one name can be told apart by nothing else.")
        )
    if profile.former_names:
        found.append(_("A document in a former name counts."))
    other = Profile.OtherDocument(profile.other_document)
    found.append(
        _("Another document than the one you hold is refused.")
        if other is Profile.OtherDocument.DECIDES
        else _("Another document than the one you hold goes on.")
    )
    if profile.callouts:
        names = {str(one): name for one, name in callout_names().items()}
        asked = ", ".join(names[one] for one in profile.callouts if one in names)
        found.append(_("Your own systems are asked: %(names)s.") % {"names": asked})
    return found


def _risk(profile: Profile) -> list[str]:
    found = []
    if profile.waiting_signs:
        found.append(
            ngettext("It waits for %(hours)d hour:", "It waits for %(hours)d hours:", profile.waiting_hours)
            % {"hours": profile.waiting_hours}
            + " "
            + _names(profile.waiting_signs)
        )
    if profile.review_signs:
        found.append(_("Two members look at it:") + " " + _names(profile.review_signs))
        number = len(reviewers_of(profile))
        found.append(
            ngettext("%(number)d member may review.", "%(number)d members may review.", number)
            % {"number": number}
        )
    found.append(
        _(
            "For three days after a name or an address changed every recovery waits for a day, whatever is chosen here."
        )
    )
    return found


def _names(signs: list[str]) -> str:
    return "; ".join(str(NAMES[Sign(one)]) for one in signs) + "."


def _pass(profile: Profile) -> list[str]:
    home = home_of_accounts()
    return [
        *(_given_there(profile, home) if home else _given_here(profile)),
        _("In evaluation: nothing. People walk the whole way, nobody gets a pass, and no account changes."),
    ]


def _given_here(profile: Profile) -> list[str]:
    return [
        _("In production: a pass that works once, for %(minutes)d minutes, in the browser that recovered.")
        % {"minutes": profile.pass_lifetime_minutes},
        _("With it they create a new passkey. At that moment every session from before ends."),
        _before(profile),
    ]


def _given_there(profile: Profile, home: DirectoryConnection) -> list[str]:
    """Where accounts live in another directory: as the connection says, the profile, and the policy of passes there."""
    names = {"place": provider_of(home).words.place, "minutes": _minutes_there(profile, home)}
    keeps = profile.old_ways == Profile.OldWays.CONFIRMED
    return [
        _("In production: a pass at %(place)s that works once, for %(minutes)d minutes.") % names,
        _("With it they add a new way to sign in at %(place)s.") % names,
        _("They are signed out everywhere there.")
        if home.ends_sessions or keeps
        else _("Sessions there stay."),
        _("Ways to sign in from before are removed there.")
        if home.removes_lost and not keeps
        else _("Ways to sign in from before stay there; those of privileged accounts are removed."),
    ]


def _minutes_there(profile: Profile, home: DirectoryConnection) -> int:
    """What comes nearest within the bounds that the last test found."""
    policy, wanted = home.pass_policy, profile.pass_lifetime_minutes
    return max(policy["shortest"], min(wanted, policy["longest"])) if policy else wanted


def _before(profile: Profile) -> str:
    if profile.old_ways == Profile.OldWays.CONFIRMED:
        return _(
            "Passkeys from before are suspended until the person confirms each; those of privileged accounts are removed."
        )
    return _("Passkeys from before are removed.")


def _without_code(profile: Profile) -> list[str]:
    way = Profile.NoAddress(profile.no_address)
    found = [
        _("Where the code goes: “%(to)s”.") % {"to": str(Profile.CodeGoesTo(profile.code_goes_to).label)},
        _("Of whom you hold no e-mail address: “%(way)s”.") % {"way": str(way.label)},
        _("Who is nobody here: “%(end)s”.") % {"end": str(Profile.DecoysEnd(profile.decoys_end).label)},
    ]
    if profile.decoys_end == Profile.DecoysEnd.FREE_PARTNER:
        found.append(
            _("At most %(number)d in a day, and nobody pays for one who was refused.")
            % {"number": profile.first_proofs_a_day}
        )
    return found


def _limits(profile: Profile) -> list[str]:
    found = [
        ngettext(
            "At most %(number)d session at a partner in one recovery.",
            "At most %(number)d sessions at a partner in one recovery.",
            profile.proofings,
        )
        % {"number": profile.proofings},
        _("After %(number)d recoveries of one person in a day the next waits.")
        % {"number": profile.attempts_a_day},
        _("At most %(number)d paid checks a day.") % {"number": profile.daily_checks},
        _("Every address of the person is told, always."),
    ]
    if profile.told:
        told = "; ".join(str(Told(one).label) for one in profile.told)
        found.append(_("Also told: %(who)s.") % {"who": told})
    return found
