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
            model_name="case",
            name="purpose",
            field=models.CharField(
                choices=[("recovery", "Recovery"), ("enrolment", "Verified ID before a loss")],
                default="recovery",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="status",
            field=models.CharField(
                choices=[
                    ("opened", "Opened"),
                    ("proving", "Proving"),
                    ("deciding", "Deciding"),
                    ("in_review", "In review"),
                    ("held", "On hold"),
                    ("granted", "Granted"),
                    ("handed_over", "Handed over"),
                    ("recovered", "Recovered"),
                    ("enrolled", "Verified ID handed out"),
                    ("evaluated", "Evaluated"),
                    ("refused", "Refused"),
                    ("canceled", "Canceled"),
                    ("expired", "Expired"),
                    ("superseded", "Superseded"),
                    ("repudiated", "Repudiated"),
                ],
                default="opened",
                max_length=12,
            ),
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
