"""Uploads stay in memory and are bounded: images never touch the disk (DESIGN 7)."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload

MAX_UPLOAD = 12_000_000


class BoundedMemoryUploadHandler(MemoryFileUploadHandler):
    """Keeps every file in memory and stops the request when one grows over the bound."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self.activated = True
        self.received = 0
        if content_length > MAX_UPLOAD + 200_000:
            raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        if self.received > MAX_UPLOAD:
            raise StopUpload(connection_reset=True)
        return super().receive_data_chunk(raw_data, start)
