"""The administrator's walk through the console: every entry of the left-hand list, and the case that was recovered."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page

from portal.demo.walk.browsers import Visitor
from portal.demo.walk.journal import WalkFailed
from portal.demo.walk.stand import Stand

# What the console of an owner must have; more is welcome.
WANTED = frozenset(
    {"Overview", "Cases", "Profiles", "Verified ID", "Partners", "People", "Usage", "Audit log"}
)


@dataclass
class Administrator:
    stand: Stand
    visitor: Visitor

    @property
    def page(self) -> Page:
        return self.visitor.page

    def sign_in(self) -> None:
        email, password = self.stand.staff
        self.page.goto(self.stand.address("console"))
        self.page.locator("#id_login").fill(email)
        self.page.locator("#id_password").fill(password)
        self.visitor.tap("Sign in")
        self.visitor.arrive("**/o/**")

    def entries(self) -> list[tuple[str, str]]:
        """Label and address of each entry of the left-hand list."""
        found = []
        for link in self.page.locator(".console-nav a.nav-item").all():
            label, address = (link.inner_text() or "").strip(), link.get_attribute("href") or ""
            found.append((label.splitlines()[0] if label else address, address))
        missing = WANTED - {label for label, _ in found}
        if missing:
            raise WalkFailed(f"The console's left-hand list lacks {', '.join(sorted(missing))}.")
        return found

    def look_at(self, label: str, address: str) -> None:
        answer = self.page.goto(f"{self.stand.site}{urlsplit(address).path}")
        if answer is None or answer.status != 200:
            raise WalkFailed(f"{label} answers {answer.status if answer else 'nothing'}.")

    def open_case(self, reference: str) -> None:
        """The case's page, found by the reference the claimant reads out."""
        cases = next((address for label, address in self.entries() if label == "Cases"), None)
        if cases is None:
            raise WalkFailed("There is no list of cases.")
        self.page.goto(f"{self.stand.site}{cases}")
        self.page.get_by_role("link", name=reference).first.click()
        self.page.get_by_text(reference).first.wait_for()
        self.page.get_by_text("Recovered").first.wait_for()
