"""The simulator's way in."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.sandboxes.partners.settings")
application = get_wsgi_application()

from portal.sandboxes.guard import refuse_to_serve  # noqa: E402 (the settings must stand first)
from portal.sandboxes.partners.delivering import start_background  # noqa: E402
from portal.sandboxes.partners.simulators import this_one  # noqa: E402

refuse_to_serve()
start_background()
serve = this_one().serve
if serve is not None:
    serve(application)
