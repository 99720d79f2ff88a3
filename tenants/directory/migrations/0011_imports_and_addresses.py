import django.db.models.deletion
import portal.kit.clock
import portal.kit.ids
import portal.kit.migrations
import portal.kit.models
import portal.kit.scope
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0010_address_lost'),
    ]

    operations = [
        migrations.AddField(
            model_name='noticeaddress',
            name='confirmed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='peopleimport',
            name='layout',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='peopleimport',
            name='sealed_file',
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name='peopleimport',
            name='undone_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='peopleimport',
            name='rows_digest',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddIndex(
            model_name='peopleimport',
            index=models.Index(fields=['tenant_id', 'applied_at'], name='people_import_applied'),
        ),
        migrations.CreateModel(
            name='ImportedBefore',
            fields=[
                ('id', models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=portal.kit.scope.current_tenant_id, editable=False)),
                ('created_at', models.DateTimeField(default=portal.kit.clock.now, editable=False)),
                ('before', models.JSONField(null=True)),
                ('people_import', portal.kit.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.peopleimport')),
                ('person', portal.kit.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.directoryperson')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [
                    models.Index(fields=['tenant_id', 'people_import', 'id'], name='imported_before'),
                    models.Index(fields=['tenant_id', 'person'], name='imported_before_of'),
                ],
            },
            bases=(portal.kit.models.PublicIdMixin, models.Model),
        ),
        portal.kit.migrations.SecureTenantTables("ImportedBefore"),
    ]
