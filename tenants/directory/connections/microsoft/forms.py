"""What staff type about their directory at Microsoft."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.registrations import (
    application_field,
    directory_field,
    read_secret,
    read_uuid,
    secret_field,
)
from portal.kit.seen import SeenForm


class MicrosoftForm(SeenForm):
    directory = directory_field()
    client_id = application_field(
        gettext_lazy(
            "Of an app registration with User.Read.All and GroupMember.Read.All. Three more are needed only where accounts "
            "live at Microsoft; the page about that names them."
        )
    )
    secret = secret_field(gettext_lazy("Its value, not its ID."))

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            self.fields["secret"].help_text = _(
                "Leave it empty to keep the one that is stored. It is never shown again."
            )

    def clean_directory(self) -> str:
        return read_uuid(self.cleaned_data["directory"])

    def clean_client_id(self) -> str:
        return read_uuid(self.cleaned_data["client_id"])

    def clean_secret(self) -> str:
        return read_secret(self.cleaned_data["secret"])
