"""Serves the gallery on loopback with the strict Content-Security-Policy: `python -m tests.look.gallery 8099`.

It runs with settings of its own, so that the look can be judged without the product behind it.
"""

import mimetypes
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

ROOT = Path(__file__).resolve().parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
BRAND = ":root { --brand-accent: #b3261e; --brand-on-accent: #fff; --brand-accent-text: #a11c15; --brand-card: #5b1410; }\n"
BRAND += "@media (prefers-color-scheme: dark) { :root { --brand-accent: #c7362d; --brand-accent-text: #ff9d94; } }\n"


def configure() -> None:
    settings.configure(
        DEBUG=False,
        SECRET_KEY="look",
        USE_TZ=True,
        USE_I18N=True,
        STATIC_URL="/static/",
        ROOT_URLCONF="tests.look.urls",
        LANGUAGES=[("en", "English"), ("ar", "Arabic"), ("de", "German")],
        ALLOWED_HOSTS=["*"],
        USE_THOUSAND_SEPARATOR=True,
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "portal",
            "django_htmx",
            "django.contrib.staticfiles",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [ROOT / "templates", ROOT / "tests/look/pages"],
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": ["django.template.context_processors.request"],
                    "string_if_invalid": "",
                },
            }
        ],
    )
    django.setup()


def render(name: str, path: str, language: str) -> str:
    from tests.look import samples

    context = samples.gallery() if name == "elements/gallery.html" else samples.hosted()
    with translation.override(language):
        return render_to_string(name, context, request=RequestFactory().get(path))


def static_file(path: str) -> Path | None:
    from django.contrib.staticfiles import finders

    own = ROOT / "portal/static" / path
    found = own if own.is_file() else finders.find(path)
    return Path(str(found)) if found else None


def answer(path: str, query: str) -> tuple[str, str, bytes]:
    if path == "/brand.css":
        return "200 OK", "text/css", BRAND.encode()
    if path.startswith("/static/"):
        found = static_file(path.removeprefix("/static/"))
        if found is None:
            return "404 Not Found", "text/plain", b""
        return "200 OK", mimetypes.guess_type(found.name)[0] or "text/plain", found.read_bytes()
    language = "ar" if "rtl" in query else "en"
    name = "elements/gallery.html" if path == "/" else path.strip("/") + ".html"
    return "200 OK", "text/html; charset=utf-8", render(name, f"{path}?{query}", language).encode()


def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/favicon.ico":
        start_response("204 No Content", [])
        return [b""]
    status, kind, body = answer(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
    start_response(
        status, [("Content-Type", kind), ("Content-Security-Policy", POLICY), ("Cache-Control", "no-store")]
    )
    return [body]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing: the test reads the port from the first line."""


def main() -> None:
    configure()
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = make_server("127.0.0.1", port, application, handler_class=Quiet)
    print(server.server_port, flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
