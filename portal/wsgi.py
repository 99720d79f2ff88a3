"""The web server's way in."""

import os

from django.core.wsgi import get_wsgi_application

from portal.checks import refuse_to_serve
from portal.kit.serving import WholeRequests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = WholeRequests(get_wsgi_application(), threads=4)
refuse_to_serve()
