import django.db.models.deletion
import portal.kit.clock
import portal.kit.ids
import portal.kit.migrations
import portal.kit.models
import portal.kit.scope
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("vendors", "0003_health"),
    ]

    operations = [
        migrations.AddField("proofingattempt", "fetch_due_at", models.DateTimeField(null=True)),
        migrations.AddField("proofingattempt", "fetches", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField(
            "proofingattempt",
            "errand",
            models.CharField(choices=[("recovery", "A recovery"), ("bridge", "A bridge"), ("trial", "A trial")], default="recovery", max_length=8),
        ),
        migrations.AddIndex(
            "proofingattempt",
            models.Index(fields=["tenant_id", "connection", "partner_ref"], name="attempt_at_partner"),
        ),
        migrations.CreateModel(
            name="PartnerSignal",
            fields=[
                ("id", models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.UUIDField(default=portal.kit.scope.current_tenant_id, editable=False)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now, editable=False)),
                ("event_digest", models.BinaryField()),
                ("partner_ref", models.CharField(max_length=200)),
                ("connection", portal.kit.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vendors.connection")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
            bases=(portal.kit.models.PublicIdMixin, models.Model),
        ),
        migrations.AddConstraint(
            "partnersignal",
            models.UniqueConstraint(fields=("tenant_id", "connection", "event_digest"), name="signal_once"),
        ),
        migrations.AddIndex(
            "partnersignal",
            models.Index(fields=["tenant_id", "connection", "partner_ref"], name="signal_about"),
        ),
        migrations.AddIndex(
            "partnersignal", models.Index(fields=["tenant_id", "created_at"], name="signal_age")
        ),
        portal.kit.migrations.SecureTenantTables("PartnerSignal"),
    ]
