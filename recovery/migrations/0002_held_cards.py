from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recovery", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="shows_held",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="profile",
            name="held_days",
            field=models.PositiveSmallIntegerField(
                default=365, verbose_name="days in which a held Verified ID counts"
            ),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_days__lte", 1825)), name="profile_held_days"
            ),
        ),
    ]
