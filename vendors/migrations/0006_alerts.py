from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("vendors", "0005_fetched_at"),
    ]

    operations = [
        migrations.AddField("partnerhealth", "alerted_at", models.DateTimeField(null=True)),
    ]
