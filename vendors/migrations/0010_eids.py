from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("vendors", "0009_assurance"),
    ]

    operations = [
        migrations.AddField("proofingattempt", "address_sealed", models.BinaryField(null=True)),
        migrations.AddField("proofingattempt", "hint", models.CharField(blank=True, max_length=20)),
    ]
