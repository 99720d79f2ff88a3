"""The wallet's pages on a loopback port, in a process of their own: nothing of the product but the wallet is loaded."""

import socketserver
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application

ROOT = Path(__file__).resolve().parents[2]


class ThreadingServer(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """A wallet's addresses belong in no log."""


def configure() -> None:
    settings.configure(
        DEBUG=True,
        SECRET_KEY="not-a-secret",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="portal.wallet.urls",
        INSTALLED_APPS=["django.contrib.staticfiles", "django_htmx", "portal.wallet"],
        MIDDLEWARE=["django.middleware.locale.LocaleMiddleware"],
        USE_I18N=True,
        USE_TZ=True,
        LANGUAGE_CODE="en",
        STATIC_URL="/static/",
        STATICFILES_DIRS=[ROOT / "portal" / "static"],
        WALLET_ORIGIN="http://wallet.localhost",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [ROOT / "templates"],
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": ["django.template.context_processors.request"],
                    "libraries": {"elements": "portal.templatetags.elements"},
                },
            }
        ],
    )
    django.setup()


def main() -> None:
    configure()
    application = StaticFilesHandler(get_wsgi_application())
    server = make_server(
        "127.0.0.1", 0, application, server_class=ThreadingServer, handler_class=QuietHandler
    )
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
