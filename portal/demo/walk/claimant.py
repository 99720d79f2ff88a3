"""The claimant's journey: loses the passkey, recovers on the hosted pages, signs in with the new one."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import date
from random import Random
from zlib import crc32

from playwright.sync_api import Page, expect

from portal.demo.puppet import Puppet
from portal.demo.specimens.photograph import photograph_of
from portal.demo.specimens.rendering import render_specimen
from portal.demo.walk.browsers import PATIENCE_MS, Authenticator, Visitor
from portal.demo.walk.journal import WalkFailed
from portal.demo.walk.stand import Stand


def number_of(person: dict[str, str]) -> str:
    """The number of this person's specimen: their own, because a document shown for one account opens no other."""
    return f"U{crc32(person['username'].encode()) % 10**8:08d}"


def specimen_of(person: dict[str, str], portrait: bytes, *, number: str = "") -> bytes:
    """A photograph of a specimen passport in this person's name."""
    random = Random(7)  # noqa: S311  numbers of a specimen of Utopia
    page = render_specimen(
        given_names=person["given_names"],
        family_name=person["family_name"],
        birthdate=date.fromisoformat(person["birthdate"]),
        portrait=portrait,
        document_number=number or number_of(person),
        random=random,
    )
    return photograph_of(page, background="plain", level="good", random=random)


@dataclass
class Claimant:
    """One person in front of one browser. Each method is one page of the journey."""

    stand: Stand
    visitor: Visitor
    puppet: Puppet
    person: dict[str, str]
    reference: str = ""
    document: bytes = field(default=b"", repr=False)

    @property
    def page(self) -> Page:
        return self.visitor.page

    # Signing in ------------------------------------------------------------------------------------------------

    def sign_in(self) -> None:
        self.page.goto(self.stand.address("hosted", "/sign-in"))
        self.visitor.tap("Sign in with a passkey")
        self.visitor.arrive("**/security/**")

    def is_refused(self) -> str:
        """Try to sign in, and read why it does not work."""
        self.page.goto(self.stand.address("hosted", "/sign-in"))
        self.visitor.tap("Sign in with a passkey")
        status = self.page.locator("#sign-in-status")
        expect(status).not_to_be_empty()
        expect(status).not_to_have_text("Waiting for your device…")
        return status.inner_text()

    # Who, code, consent ----------------------------------------------------------------------------------------

    def say_who(self) -> None:
        self.read_what_it_is()
        self.start()
        self.say_name()

    def read_what_it_is(self) -> None:
        self.page.goto(self.stand.address("hosted", "/sign-in"))
        self.visitor.tap("Recover your account", role="link")
        self.visitor.arrive("**/recover/")

    def start(self) -> None:
        self.visitor.tap("Start", role="link")
        self.visitor.arrive("**/recover/who")

    def say_name(self) -> None:
        self.page.get_by_label("User name, e-mail or employee number").fill(self.person["username"])
        self.visitor.tap("Continue")
        self.visitor.arrive("**/recover/code")
        self.reference = self.page.locator(".hosted-reference b").inner_text()

    def type_code(self) -> None:
        code = self.read_code()
        self.page.get_by_label("Code", exact=True).fill(code)
        self.visitor.arrive("**/recover/consent")

    def read_code(self) -> str:
        text = self.read_mail("Your code for")
        found = re.search(r"\b\d{6}\b", text)
        if found is None:
            raise WalkFailed("The mail holds no code.")
        return found[0]

    def read_mail(self, subject: str) -> str:
        """The text of the newest mail with this subject about this case, as the mailbox page shows it."""
        mail = self.visitor.context.new_page()
        try:
            until = time.monotonic() + PATIENCE_MS / 1000
            while time.monotonic() < until:
                mail.goto(f"{self.stand.site}/mailbox/?to={self.person['email']}")
                link = mail.get_by_role("link", name=subject).first
                if link.count():
                    link.click()
                    text = mail.locator("#message-text").inner_text()
                    if self.reference in text:
                        return text
            raise WalkFailed(f"No mail “{subject}” for {self.reference} arrived.")
        finally:
            mail.close()

    def agree(self, *, flashing: bool = True) -> None:
        self.page.get_by_label("I agree that my document and my face").check()
        self.visitor.taps += 1
        if not flashing:
            self.page.get_by_label("Do not flash colours").check()
        self.visitor.tap("Agree and continue")
        self.visitor.arrive("**/check/*/consent")
        # Whoever calls from the partner's page reads out the same reference.
        self.page.get_by_text(self.reference).first.wait_for()

    # At the house partner --------------------------------------------------------------------------------------

    def prove_with_camera(self) -> None:
        """Consent, passport, photograph from the rear camera."""
        self.agree_at_partner()
        self.choose_passport()
        self.take_photograph()
        self.use_photograph()

    def agree_at_partner(self) -> None:
        self.visitor.tap("Agree and continue")
        self.visitor.arrive("**/choose")

    def choose_passport(self) -> None:
        self.puppet.show_document(self.document)
        self.page.get_by_role("radio", name="Passport").check(force=True)
        self.visitor.tap("Continue")
        self.visitor.arrive("**/document")
        self.page.get_by_role("button", name="Take the photograph").wait_for()

    def take_photograph(self) -> None:
        self.visitor.tap("Take the photograph")
        self.page.get_by_role("button", name="Use this photograph").wait_for()

    def use_photograph(self) -> None:
        self.visitor.tap("Use this photograph")
        self.visitor.arrive("**/face")
        self.see_oneself()

    def see_oneself(self) -> None:
        """The camera is on, and the page waits for "Start"."""
        self.page.get_by_role("button", name="Start", exact=True).wait_for()

    def show_face_to_partner(self) -> None:
        self.visitor.tap("Start")
        self.page.wait_for_url(re.compile(r"/(result|continue|recover/|face\?|check/[^/]+/$)"))

    def come_back(self) -> None:
        self.visitor.arrive("**/recover/credential")

    # The Verified ID -------------------------------------------------------------------------------------------

    def keep_credential(self) -> None:
        self.open_wallet()
        self.take_card()

    def open_wallet(self) -> None:
        self.visitor.tap("Keep it in this browser")
        self.page.wait_for_url(re.compile(r"//wallet\."))
        self.page.get_by_role("button", name="Take this card").wait_for()

    def take_card(self) -> None:
        self.visitor.tap("Take this card")
        self.page.get_by_role("heading", name="Your card is in this browser").wait_for()

    def show_credential(self) -> None:
        self.be_asked()
        self.share()

    def be_asked(self) -> None:
        self.page.wait_for_url(re.compile(r"//wallet\.[^/]*/present"))
        self.page.get_by_role("button", name="Share", exact=True).wait_for()

    def share(self) -> None:
        self.visitor.tap("Share")
        self.visitor.arrive("**/recover/face")
        self.see_oneself()

    def show_face(self) -> None:
        self.visitor.tap("Start")
        self.page.wait_for_url(re.compile(r"/recover/(checking|pass|waiting|ended|done)$"))

    # The pass and the passkey ----------------------------------------------------------------------------------

    def use_pass(self) -> None:
        self.visitor.tap("Use it now")
        self.visitor.arrive("**/recover/passkey")

    def make_passkey(self) -> Authenticator:
        device = self.visitor.authenticator()
        self.visitor.tap("Create passkey")
        self.visitor.arrive("**/recover/done")
        return device

    # Your security ---------------------------------------------------------------------------------------------

    def add_passkey(self) -> Authenticator:
        """On a second device: the first is not at hand, or it would say that it has one already."""
        device = self.visitor.authenticator()
        rows = self.page.locator("[data-passkey]")
        before = rows.count()
        self.visitor.tap("Add a passkey")
        expect(rows).to_have_count(before + 1)
        return device

    def save_codes(self) -> None:
        self.visitor.tap("Make new codes")
        self.page.get_by_role("heading", name="Your saved codes").wait_for()

    def read_receipt(self) -> None:
        self.page.goto(self.stand.address("hosted", "/recover/receipt"))
        self.page.get_by_text(self.reference).first.wait_for()


@dataclass
class Visiting(Claimant):
    """A visitor of the demonstration: the specimen goes along in the browser, and the mail is on the page."""

    def begin(self) -> None:
        self.page.goto(self.stand.address("try_it"))
        expect(self.page.locator("[data-camera] video")).to_be_visible()
        self.visitor.tap("Make my passport and account")
        self.page.get_by_role("heading", name="This is you now").wait_for()

    def recover(self) -> None:
        self.visitor.tap("Recover this account")
        self.visitor.arrive("**/recover/code")
        self.reference = self.page.locator(".hosted-reference b").inner_text()

    def type_code_shown(self) -> None:
        shown = self.page.get_by_text("Your code for").inner_text()
        self.page.get_by_label("Code", exact=True).fill(shown.split(": ")[-1])
        self.visitor.arrive("**/recover/consent")

    def prove_with_specimen(self) -> None:
        self.visitor.tap("Agree and use my specimen passport")
        self.visitor.arrive("**/face")
