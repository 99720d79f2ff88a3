"""The house partner's way in: the application, and the thread that destroys what is over."""

import os

from django.core.wsgi import get_wsgi_application

from portal.kit.serving import WholeRequests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vendors.house.settings")
application = WholeRequests(get_wsgi_application(), threads=4)

from vendors.house.purging import start_purging  # noqa: E402 (the settings must stand first)

start_purging()
