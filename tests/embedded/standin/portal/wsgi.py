from django.core.wsgi import get_wsgi_application

from portal.kit.serving import WholeRequests

application = WholeRequests(get_wsgi_application(), threads=2)
