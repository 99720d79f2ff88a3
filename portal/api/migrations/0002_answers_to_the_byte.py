from django.db import migrations, models


class Migration(migrations.Migration):
    """Answers are kept as they were sent. Those of the day before are let go."""

    dependencies = [("api", "0001_initial")]

    operations = [
        migrations.RunSQL("DELETE FROM api_storedanswer", migrations.RunSQL.noop),
        migrations.RemoveField("storedanswer", "body"),
        migrations.AddField("storedanswer", "body", models.BinaryField(default=b"")),
        migrations.AddField("storedanswer", "headers", models.JSONField(default=dict)),
    ]
