"""Runs the vision process: `python -m vendors.facecheck.vision --host 127.0.0.1 --port 8010`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from types import FrameType

import cv2

from ..engine.errors import ModelsMissing
from .server import VisionServer, VisionSettings

_PARTING_SECONDS = 1.5


def main() -> int:
    told = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Each engine thread uses one core; OpenCV would otherwise start as many again for each of them.
    cv2.setNumThreads(1)
    try:
        settings = VisionSettings(
            host=told.host,
            port=told.port,
            token=os.environ.pop("READMIT_VISION_TOKEN", ""),
            threads=told.threads,
            queue=told.queue,
            warm_documents=told.warm_documents,
        )
    except ValueError as error:
        logging.error("vision_refused_to_start %s", error)
        return 2
    server = VisionServer(settings)
    _end_on_signal(server)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    serving.start()
    try:
        server.warm_up()
    except ModelsMissing as missing:
        logging.error("vision_refused_to_start %s", missing)
        return 2
    logging.info("vision_ready host=%s port=%s threads=%s", told.host, server.server_port, told.threads)
    serving.join()
    server.server_close()
    server.engine.shutdown(wait=False, cancel_futures=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vision", description="Judges faces and documents.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8010)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="engine threads")
    parser.add_argument("--queue", type=int, default=4, help="jobs that may wait for an engine thread")
    parser.add_argument("--warm-documents", action="store_true", help="load the document reader at start")
    return parser.parse_args()


def _end_on_signal(server: VisionServer) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        # A job cannot be interrupted; its caller asks again elsewhere. Nothing here needs saving.
        threading.Timer(_PARTING_SECONDS, os._exit, (0,)).start()
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Engine threads may still be in a model: leaving at once is the clean end.
    os._exit(status)
