from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("recovery", "0012_attestation"),
    ]

    operations = [
        migrations.AddField("profile", "reference_evidence", models.JSONField(default=dict)),
    ]
