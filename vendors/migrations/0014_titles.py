from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("vendors", "0013_expected"),
    ]

    operations = [
        migrations.AddField("connection", "title", models.CharField(blank=True, max_length=60)),
    ]
