"""The simulator's way in."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.sandboxes.okta.settings")
application = get_wsgi_application()

from portal.sandboxes.guard import refuse_to_serve  # noqa: E402 (the settings must stand first)

refuse_to_serve()
