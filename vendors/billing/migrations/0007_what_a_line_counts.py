import vendors.billing.models
from django.db import migrations, models


# What was closed before knows of everything that was written before it.
COUNTED = """
UPDATE billing_invoice SET counted_to = coalesce(
  (SELECT max(serial) FROM billing_entry
   WHERE billing_entry.tenant_id = billing_invoice.tenant_id AND billing_entry.created_at <= billing_invoice.created_at), 0)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0006_help_desk_cost'),
    ]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE billing_serial", "DROP SEQUENCE billing_serial", elidable=False),
        migrations.AddField(
            model_name='entry',
            name='serial',
            field=models.BigIntegerField(db_default=vendors.billing.models.NextSerial(), editable=False),
        ),
        migrations.AddField(
            model_name='invoice',
            name='counted_to',
            field=models.BigIntegerField(default=0),
        ),
        migrations.RunSQL(COUNTED, migrations.RunSQL.noop),
        migrations.AddField(
            model_name='paymentfact',
            name='told_late_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='paymentcall',
            name='operation',
            field=models.CharField(choices=[('create_customer', 'Open the account'), ('choose_method', 'Choose the payment method'), ('update_customer', "Change the account's name and address"), ('drop_tax_id', 'Take the earlier tax number off'), ('set_tax_id', 'Enter the tax number'), ('create_invoice', 'Begin an invoice'), ('add_line', 'Add a line'), ('finalize_invoice', 'Issue the invoice'), ('create_credit_note', 'Issue a credit note'), ('configure_portal', 'Prepare the payment pages'), ('open_portal', 'Open the payment pages'), ('begin_setup', 'Take a payment method')], max_length=20),
        ),
    ]
