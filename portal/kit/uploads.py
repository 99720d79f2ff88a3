"""Uploads stay in memory and are bounded: images never touch the disk (DESIGN 7). What is too much is read past and
not kept, so that the person gets an answer instead of a broken connection; what is far too much is cut off."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload

MAX_FILE = 12_000_000
MAX_REQUEST = 18_000_000
CUT_OFF = 64_000_000


class BoundedMemoryUploadHandler(MemoryFileUploadHandler):
    """Keeps every file in memory, and none of a request that is over the bound: the form finds it missing."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self.activated = True
        self.received = 0
        self.length = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        if self.length > MAX_REQUEST:
            raise StopUpload(connection_reset=self.length > CUT_OFF)
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        if self.received > MAX_REQUEST:
            raise StopUpload(connection_reset=True)
        return super().receive_data_chunk(raw_data, start)
