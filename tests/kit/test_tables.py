"""Every table is the platform's or a tenant's, and a tenant's table is guarded: read from the database's catalogue."""

from __future__ import annotations

from django.apps import apps
from django.db import connection, models

from portal.kit.models import TenantForeignKey, TenantModel

PLATFORM = {
    "account_emailaddress",
    "account_emailconfirmation",
    "audit_auditpending",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
    "django_session",
    "mfa_authenticator",
    "portal_cache",
    "tenants_heartbeat",
    "tenants_host",
    "tenants_inbox",
    "tenants_limitcount",
    "tenants_outbox",
    "tenants_ownerrecovery",
    "tenants_periodicrun",
    "tenants_tenant",
    "tenants_user",
    "tenants_user_groups",
    "tenants_user_user_permissions",
    "notices_localmessage",
    "notices_staffmail",
    "billing_paymentevent",
    "billing_payer",
    "billing_unsettledrefund",
    "billing_priceversion",
    "billing_usagepending",
    "catalogue_listingversion",
    "catalogue_contractconfirmation",
    "demo_specimen",
    "trying_providertest",
}


def tenant_tables() -> dict[str, type[models.Model]]:
    return {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if issubclass(model, TenantModel)
    }


def rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_every_table_is_the_platforms_or_a_tenants() -> None:
    found = {name for (name,) in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert found - PLATFORM - set(tenant_tables()) == set()


def test_every_tenant_table_is_isolated() -> None:
    guarded = {
        name
        for (name,) in rows(
            "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid "
            "WHERE c.relrowsecurity AND c.relforcerowsecurity AND p.polname = 'tenant_isolation' "
            "AND pg_get_expr(p.polqual, p.polrelid) = pg_get_expr(p.polwithcheck, p.polrelid) "
            "AND pg_get_expr(p.polqual, p.polrelid) LIKE '(tenant_id = (current_setting(%app.tenant%)::uuid)'"
        )
    }
    assert set(tenant_tables()) - guarded == set()


def test_every_key_of_a_tenant_table_begins_with_the_tenant() -> None:
    bad = []
    for table, name, definition in rows(
        "SELECT c.relname, i.relname, pg_get_indexdef(x.indexrelid) FROM pg_index x "
        "JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indisunique"
    ):
        if table in tenant_tables() and "(tenant_id" not in definition:
            bad.append(name)
    assert bad == []


def test_every_reference_inside_a_tenant_carries_the_tenant() -> None:
    bad = []
    names = {table: set() for table in tenant_tables()}
    for table, definition in rows(
        "SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k "
        "JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'f'"
    ):
        if table in names:
            names[table].add(definition)
    for table, model in tenant_tables().items():
        for field in model._meta.local_fields:
            if field.is_relation and issubclass(field.related_model, TenantModel):
                wanted = f"FOREIGN KEY (tenant_id, {field.column}) REFERENCES"
                if not any(definition.startswith(wanted) for definition in names[table]):
                    bad.append(f"{table}.{field.column}")
    assert bad == []


def test_every_table_of_tenants_is_held_to_tenants_that_are_there() -> None:
    """By a reference to the tenant, or by one that is always there to a row of the same tenant."""
    held = {
        table
        for table, definition in rows(
            "SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k "
            "JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'f'"
        )
        if definition.startswith("FOREIGN KEY (tenant_id) REFERENCES tenants_tenant(id)")
    }
    loose = {
        table
        for table, model in tenant_tables().items()
        if table not in held
        # The audit room stands to the left of the tenants' own and makes no reference to it.
        and model._meta.app_label != "audit"
        and not any(
            isinstance(field, TenantForeignKey)
            and not field.null
            and field.related_model._meta.db_table in held
            for field in model._meta.local_fields
        )
    }
    assert loose == set()


def test_no_tenant_model_has_many_to_many_fields_or_a_plain_manager() -> None:
    for model in tenant_tables().values():
        assert not model._meta.local_many_to_many, model
        assert model._meta.base_manager_name == "objects", model


def test_exactly_three_functions_look_across_tenants() -> None:
    found = rows(
        "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname = 'public' AND p.prosecdef"
    )
    assert {name for (name,) in found} == {"tenant_of_host", "seats_of_user", "tenant_of_token"}


def test_the_web_role_owns_nothing_and_cannot_step_around_row_level_security() -> None:
    assert rows("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [
        (False, False)
    ]
    assert rows("SELECT 1 FROM pg_tables WHERE tableowner = current_user") == []
