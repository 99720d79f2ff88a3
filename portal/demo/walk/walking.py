"""The walk: the console, then a lost passkey and a recovery, then what is left of it."""

from __future__ import annotations

from contextlib import ExitStack

from playwright.sync_api import Browser

from portal.demo.puppet import Puppet
from portal.demo.walk.administrator import Administrator
from portal.demo.walk.browsers import Authenticator, visitor
from portal.demo.walk.claimant import Claimant, Visiting, specimen_of
from portal.demo.walk.journal import Journal, WalkFailed
from portal.demo.walk.stand import Stand

IDENTITY = "franck"
NO_FURTHER = "That did not work"


def walk(browser: Browser, stand: Stand, journal: Journal, *, visit: bool = True) -> Claimant:
    """Everything, in order. Raises where a step does not lead on, or a browser complained."""
    with ExitStack() as open_browsers:
        administrator = Administrator(
            stand, open_browsers.enter_context(visitor(browser, journal, "administrator", desk=True))
        )
        walk_console(administrator)
        claimant = new_claimant(browser, stand, journal, open_browsers)
        old = lose_passkey(claimant)
        prove_identity(claimant)
        device = finish_recovery(claimant)
        with claimant.visitor.step("Sign in with the new passkey"):
            claimant.sign_in()
        # After its last use, or its counter would look like that of a copy.
        stand.keep_passkey(device.passkeys()[0])
        prepare_for_next_time(claimant, device)
        with claimant.visitor.step("Read the notice in the mailbox"):
            if "/not-me/" not in claimant.read_mail("was recovered"):
                raise WalkFailed("The notice offers no way to say that this was not me.")
        try_old_passkey(browser, stand, journal, old)
        if visit:
            journal.taps = walk_as_visitor(browser, stand, journal)
        with administrator.visitor.step("Open the recovered case"):
            administrator.open_case(claimant.reference)
    journal.require_quiet()
    return claimant


def walk_console(administrator: Administrator) -> None:
    with administrator.visitor.step("Sign in to the console"):
        administrator.sign_in()
    for label, address in administrator.entries():
        with administrator.visitor.step(f"Look at {label}"):
            administrator.look_at(label, address)


def new_claimant(
    browser: Browser, stand: Stand, journal: Journal, open_browsers: ExitStack, *, who: str = "claimant"
) -> Claimant:
    """The demonstration person with a browser, a face and a specimen passport."""
    puppet = Puppet(IDENTITY)
    person = dict(stand.person)
    arrived = open_browsers.enter_context(visitor(browser, journal, who, puppet=puppet))
    return Claimant(stand, arrived, puppet, person, document=specimen_of(person, puppet.portrait()))


def lose_passkey(claimant: Claimant) -> dict[str, str]:
    """Sign in once more with the old passkey, then lose the device it is on."""
    device = claimant.visitor.authenticator()
    passkey = claimant.stand.passkey()
    device.add(passkey)
    with claimant.visitor.step("Sign in with the old passkey"):
        claimant.sign_in()
    lost = device.passkeys()[0]
    device.remove()
    claimant.visitor.context.clear_cookies()
    return lost


def prove_identity(claimant: Claimant) -> None:
    """From "Recover" to the Verified ID in this browser's wallet, shown back, with a live face."""
    step = claimant.visitor.step
    claimant.visitor.taps = 0
    with step("Read what recovery is"):
        claimant.read_what_it_is()
    with step("Start"):
        claimant.start()
    with step("Say who you are"):
        claimant.say_name()
    with step("Type the code from the mailbox"):
        claimant.type_code()
    with step("Agree"):
        claimant.agree()
    with step("Agree at the partner"):
        claimant.agree_at_partner()
    with step("Choose the passport"):
        claimant.choose_passport()
    with step("Photograph the passport"):
        claimant.take_photograph()
    with step("Use the photograph"):
        claimant.use_photograph()
    show_and_keep(claimant)


def show_and_keep(claimant: Claimant) -> None:
    """From the live face at the partner to the one at the Face Check."""
    step = claimant.visitor.step
    with step("Show your face to the partner"):
        claimant.show_face_to_partner()
    with step("Come back with the result"):
        claimant.come_back()
    with step("Open the wallet"):
        claimant.open_wallet()
    with step("Keep the Verified ID"):
        claimant.take_card()
    with step("Be asked for the Verified ID"):
        claimant.be_asked()
    with step("Show the Verified ID"):
        claimant.share()
    with step("Face Check"):
        claimant.show_face()


def finish_recovery(claimant: Claimant) -> Authenticator:
    with claimant.visitor.step("Receive the pass"):
        claimant.visitor.arrive("**/recover/pass")
    with claimant.visitor.step("Use the pass"):
        claimant.use_pass()
    with claimant.visitor.step("Create a passkey"):
        return claimant.make_passkey()


def prepare_for_next_time(claimant: Claimant, device: Authenticator) -> None:
    """A second passkey on another device, and codes to write down."""
    with claimant.visitor.step("Read the receipt"):
        claimant.read_receipt()
    claimant.page.goto(claimant.stand.address("hosted", "/security/"))
    device.remove()
    with claimant.visitor.step("Add a second passkey"):
        claimant.add_passkey()
    with claimant.visitor.step("Save codes for another time"):
        claimant.save_codes()


def try_old_passkey(browser: Browser, stand: Stand, journal: Journal, old: dict[str, str]) -> None:
    with visitor(browser, journal, "finder") as finder:
        finder.authenticator().add(old)
        stranger = Claimant(stand, finder, Puppet(IDENTITY), dict(stand.person))
        with finder.step("Try the lost passkey"):
            said = stranger.is_refused()
            if "/security" in finder.page.url or not said:
                raise WalkFailed("The lost passkey still signs in.")


def walk_as_visitor(browser: Browser, stand: Stand, journal: Journal) -> int:
    """The page "Try it", from the first look to the new passkey; the taps it took."""
    puppet = Puppet(IDENTITY)
    with visitor(browser, journal, "visitor", puppet=puppet) as arrived:
        visiting = Visiting(stand, arrived, puppet, {})
        step = arrived.step
        with step("Make a passport with your own face"):
            visiting.begin()
        with step("Recover this account"):
            visiting.recover()
        with step("Type the code that is shown"):
            visiting.type_code_shown()
        with step("Agree, as a visitor"):
            visiting.agree()
        with step("Use the specimen passport"):
            visiting.prove_with_specimen()
        show_and_keep(visiting)
        finish_recovery(visiting)
    journal.require_quiet()
    return arrived.taps
