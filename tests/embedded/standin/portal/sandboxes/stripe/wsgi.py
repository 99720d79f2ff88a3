import json
import os


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/variables":
        return [json.dumps(sorted(name for name in os.environ if name.startswith("READMIT_"))).encode()]
    return [b"ok"]
