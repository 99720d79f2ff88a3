from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("vendors", "0007_pauses"),
    ]

    operations = [
        migrations.AddField("proofingattempt", "erase_asked_at", models.DateTimeField(null=True)),
        migrations.AddField("proofingattempt", "erased_at", models.DateTimeField(null=True)),
    ]
