"""Cases in review had no end of their own; those that wait now get the time that new ones have (`recovery.cases.REVIEW_LIFE`)."""

from django.db import migrations

ENDS = "UPDATE recovery_case SET expires_at = now() + interval '7 days' WHERE status = 'in_review'"


class Migration(migrations.Migration):
    dependencies = [("recovery", "0007_profile_names")]
    operations = [migrations.RunSQL(ENDS, migrations.RunSQL.noop)]
