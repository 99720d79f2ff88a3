from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("vendors", "0004_signals"),
    ]

    operations = [
        migrations.AddField("proofingattempt", "fetched_at", models.DateTimeField(null=True)),
    ]
