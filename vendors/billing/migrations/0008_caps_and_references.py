import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0007_what_a_line_counts'),
    ]

    operations = [
        migrations.AddField(
            model_name='budgetwindow',
            name='fine',
            field=models.JSONField(default=list),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(models.F('tenant_id'), django.db.models.functions.comparison.Collate('case_reference', 'C'), condition=models.Q(('case_reference', ''), _negated=True), name='entry_reference'),
        ),
    ]
