"""Photographs and clips stay in memory; each address has a bound of its own, and a request over it is cut off."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload

MAX_PHOTOGRAPH = 12_000_000
MAX_REQUEST = 18_000_000
MAX_FILES = 3


class PhotographUploadHandler(MemoryFileUploadHandler):
    """Keeps every file in memory; stops the request when one file, or all of them together, grow over the bound."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self.activated = True
        self.received = 0
        if content_length > MAX_REQUEST + 200_000:
            raise StopUpload(connection_reset=True)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.of_this_file = 0
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        self.of_this_file += len(raw_data)
        if self.received > MAX_REQUEST or self.of_this_file > MAX_REQUEST:
            raise StopUpload(connection_reset=True)
        return super().receive_data_chunk(raw_data, start)
