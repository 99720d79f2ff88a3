import os

from celery import Celery

app = Celery("standin", broker=os.environ["READMIT_BROKER_URL"])
