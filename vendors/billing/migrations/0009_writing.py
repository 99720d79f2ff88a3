from django.db import migrations

# Writes one check, if what its book was made of is still all there is (`billing_stamp`, which takes the lock first); with
# another stamp nothing is written and `written` is null. False: there is an entry with this key. Each of its questions is
# planned once for a connection. Run as whoever calls it, under row-level security.
WRITE = """
CREATE FUNCTION billing_write(told jsonb, known text, of_lock text,
  OUT stamp text, OUT has_budgets boolean, OUT written boolean)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER AS $$
DECLARE
  entry billing_entry := jsonb_populate_record(NULL::billing_entry, told);
BEGIN
  SELECT found.stamp, found.has_budgets INTO stamp, has_budgets
    FROM billing_stamp(entry.tenant_id, entry.meter, entry.vendor, of_lock) AS found;
  IF stamp IS DISTINCT FROM known THEN
    RETURN;
  END IF;
  INSERT INTO billing_entry (
    id, tenant_id, created_at, kind, transaction_id, idempotency_key, debit, credit, amount, currency,
    meter, vendor, connection_kind, quantity, price_version_id, contract_price_id, unit_price, billable,
    outcome, why, case_id, case_reference, step, mode, profile_id, department, refers_to_id, invoice_id,
    expires_at, occurred_at)
  VALUES (
    entry.id, entry.tenant_id, entry.created_at, entry.kind, entry.transaction_id,
    entry.idempotency_key, entry.debit, entry.credit, entry.amount, entry.currency, entry.meter,
    entry.vendor, entry.connection_kind, entry.quantity, entry.price_version_id,
    entry.contract_price_id, entry.unit_price, entry.billable, entry.outcome, entry.why, entry.case_id,
    entry.case_reference, entry.step, entry.mode, entry.profile_id, entry.department,
    entry.refers_to_id, entry.invoice_id, entry.expires_at, entry.occurred_at)
  ON CONFLICT (tenant_id, idempotency_key) DO NOTHING;
  written := FOUND;
  IF written THEN
    INSERT INTO billing_usagepending (id, tenant_id, created_at) VALUES (entry.id, entry.tenant_id, entry.created_at);
  END IF;
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0008_refunds"),
    ]

    operations = [
        migrations.RunSQL(WRITE, "DROP FUNCTION billing_write"),
    ]
