import portal.kit.clock
import portal.kit.ids
import portal.kit.migrations
import portal.kit.models
import portal.kit.scope
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0005_documents'),
    ]

    operations = [
        migrations.CreateModel(
            name='HelpDeskCost',
            fields=[
                ('id', models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=portal.kit.scope.current_tenant_id, editable=False)),
                ('created_at', models.DateTimeField(default=portal.kit.clock.now, editable=False)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=9)),
                ('currency', models.CharField(max_length=3)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
            },
            bases=(portal.kit.models.PublicIdMixin, models.Model),
        ),
        portal.kit.migrations.SecureTenantTables("HelpDeskCost"),
        portal.kit.migrations.AppendOnly("HelpDeskCost"),
        portal.kit.migrations.RefuseChanges("HelpDeskCost"),
    ]
