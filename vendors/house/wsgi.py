"""The house partner's way in: the application, and the thread that destroys what is over."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vendors.house.settings")
application = get_wsgi_application()

from vendors.house.purging import start_purging  # noqa: E402 (the settings must stand first)

start_purging()
