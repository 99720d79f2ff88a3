"""Pages of people as the console shows them, without the console."""

from __future__ import annotations

from portal.kit.paging import Page, page_of, read_order
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import COLUMNS, people_found


def people_page(
    *, text: str = "", status: str = "", sort: str = "", cursor: str = "", size: int = 50
) -> Page[DirectoryPerson]:
    """One page of people."""
    found = people_found(text=text, status=status)
    return page_of(found, read_order(sort, COLUMNS, "name"), cursor, size)
