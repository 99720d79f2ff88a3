from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("recovery", "0014_old_ways"),
    ]

    operations = [
        migrations.AddField("profile", "reference_evidence", models.JSONField(default=dict)),
    ]
