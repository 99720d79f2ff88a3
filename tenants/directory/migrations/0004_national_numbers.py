from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("directory", "0003_guests"),
    ]

    operations = [
        migrations.AlterField(
            "heldevidence",
            "kind",
            models.CharField(
                choices=[
                    ("document_number", "Document number"),
                    ("national_id", "National number"),
                    ("portrait", "Earlier portrait"),
                    ("credential", "Verified ID"),
                ],
                max_length=16,
            ),
        ),
    ]
