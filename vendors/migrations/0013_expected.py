from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("vendors", "0012_erase_requests"),
    ]

    operations = [
        migrations.AddField("proofingattempt", "expected_sealed", models.BinaryField(null=True)),
    ]
