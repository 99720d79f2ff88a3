"""The sandbox's way in. It makes its own tables, so that a removed database file is a fresh start and not a fault."""

import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.sandboxes.stripe.settings")
application = get_wsgi_application()

from portal.sandboxes.guard import refuse_to_serve  # noqa: E402 (the settings must stand first)
from portal.sandboxes.stripe.delivering import start_background  # noqa: E402
from portal.sandboxes.stripe.objects.webhook_endpoints import ensure_given_endpoint  # noqa: E402

refuse_to_serve()
call_command("migrate", interactive=False, verbosity=0)
ensure_given_endpoint()
start_background()
