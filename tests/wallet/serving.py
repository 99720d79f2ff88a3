"""The peer on a loopback port: any origin may ask it, as for every protocol endpoint."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.wallet.peer import Answer, Peer, as_json


def serve(peer: Peer) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            form = {}
            if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
                form = {
                    name: values[0]
                    for name, values in parse_qs(body.decode(), strict_parsing=bool(body)).items()
                }
            try:
                answer = peer.answer(
                    self.command, urlsplit(self.path).path, form, body, self.headers.get("Authorization", "")
                )
            except Exception as error:
                peer.answers.append({"peer_error": repr(error)})
                answer = as_json({"error": "invalid_request"}, 400)
            self.respond(answer)

        def respond(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(answer.body)

        def do_OPTIONS(self) -> None:
            self.send_response(204)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
            self.send_header("Access-Control-Allow-Methods", "GET, POST")
            self.end_headers()

        do_GET = do_POST = handle_any

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    peer.host = f"acme.localhost:{server.server_port}"
    return server
