"""Migration operations that make a tenant-owned table what DESIGN 4 asks of it."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

from portal.kit.models import TenantForeignKey

WEB_ROLE = "readmit_web"
POLICY = "tenant_isolation"


def _columns(model: Any) -> list[tuple[str, str]]:
    """(column, referenced table) of each reference inside the tenant."""
    return [
        (field.column, field.remote_field.model._meta.db_table)
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    ]


def _add_reference(schema_editor: Any, table: str, column: str, target: str) -> None:
    schema_editor.execute(
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_{column}_tenant_fk" '
        f'FOREIGN KEY (tenant_id, "{column}") REFERENCES "{target}" (tenant_id, id) '
        f"DEFERRABLE INITIALLY DEFERRED"
    )


def _add_tenant(schema_editor: Any, table: str) -> None:
    schema_editor.execute(
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_tenant_fk" '
        f"FOREIGN KEY (tenant_id) REFERENCES tenants_tenant (id) DEFERRABLE INITIALLY DEFERRED"
    )


class _OnTables(Operation):
    """Statements about tables of the migration's app, by the names of their models; Django's own state stays."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, *names: str) -> None:
        self.names = names

    def deconstruct(self) -> tuple[str, list[str], dict[str, Any]]:
        return (type(self).__name__, list(self.names), {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        return None


class SecureTenantTables(_OnTables):
    """For each named model of the migration's app: primary key (tenant_id, id), a foreign key to the tenant,
    composite foreign keys, and row-level security with FORCE and WITH CHECK under a plain policy.

    The policy has no OR and no CASE, which an index could not serve, and no `missing_ok`: a forgotten tenant
    raises instead of reading nothing.
    """

    def __init__(self, *names: str, references_tenant: bool = True) -> None:
        # The audit room stands to the left of tenants and makes no reference to it.
        super().__init__(*names)
        self.references_tenant = references_tenant

    def deconstruct(self) -> tuple[str, list[str], dict[str, Any]]:
        return (type(self).__name__, list(self.names), {"references_tenant": self.references_tenant})

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        # Django's own statements for this migration (indexes, deferred) come first; ours build on them.
        for name in self.names:
            model = to_state.apps.get_model(app_label, name)
            table = model._meta.db_table
            schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_pkey"')
            schema_editor.execute(
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_pkey" PRIMARY KEY (tenant_id, id)'
            )
            if self.references_tenant:
                _add_tenant(schema_editor, table)
            schema_editor.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
            schema_editor.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
            schema_editor.execute(
                f'CREATE POLICY {POLICY} ON "{table}" '
                f"USING (tenant_id = current_setting('app.tenant')::uuid) "
                f"WITH CHECK (tenant_id = current_setting('app.tenant')::uuid)"
            )
        for name in self.names:
            model = to_state.apps.get_model(app_label, name)
            table = model._meta.db_table
            for column, target in _columns(model):
                _add_reference(schema_editor, table, column, target)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        return None  # the tables go with the migration that made them

    def describe(self) -> str:
        return f"Secure the tenant-owned tables {', '.join(self.names)}"


class SecureReference(Operation):
    """The composite foreign key of a reference that was added to a tenant's table later."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, name: str, field: str) -> None:
        self.name = name
        self.field = field

    def deconstruct(self) -> tuple[str, list[str], dict[str, Any]]:
        return (type(self).__name__, [self.name, self.field], {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        return None

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        column = model._meta.get_field(self.field).column
        _add_reference(schema_editor, model._meta.db_table, column, dict(_columns(model))[column])

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        return None  # the key goes with its column

    def describe(self) -> str:
        return f"Keep {self.name}.{self.field} inside the tenant"


class TenantThroughReference(_OnTables):
    """For tables whose rows always name a row of their own tenant: the reference to the tenant itself goes. The composite key
    holds it already, and each of a million rows is spared a look into the table of tenants at the end of its transaction."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for name in self.names:
            table = to_state.apps.get_model(app_label, name)._meta.db_table
            schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_tenant_fk"')

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for name in self.names:
            _add_tenant(schema_editor, to_state.apps.get_model(app_label, name)._meta.db_table)

    def describe(self) -> str:
        return f"Hold the tenant of {', '.join(self.names)} by their references alone"


class AppendOnly(_OnTables):
    """The web role may add rows to these models' tables and read them, and never change or remove one."""

    def __init__(self, *names: str, also_forbid_update_except: tuple[str, ...] = ()) -> None:
        super().__init__(*names)
        self.updatable_columns = also_forbid_update_except

    def deconstruct(self) -> tuple[str, list[str], dict[str, Any]]:
        keywords = {"also_forbid_update_except": self.updatable_columns} if self.updatable_columns else {}
        return (type(self).__name__, list(self.names), keywords)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for name in self.names:
            table = to_state.apps.get_model(app_label, name)._meta.db_table
            schema_editor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {WEB_ROLE}')
            if self.updatable_columns:
                columns = ", ".join(f'"{column}"' for column in self.updatable_columns)
                schema_editor.execute(f'GRANT UPDATE ({columns}) ON "{table}" TO {WEB_ROLE}')

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for name in self.names:
            table = from_state.apps.get_model(app_label, name)._meta.db_table
            schema_editor.execute(f'GRANT UPDATE, DELETE ON "{table}" TO {WEB_ROLE}')

    def describe(self) -> str:
        return f"Make {', '.join(self.names)} append-only for the web role"


class RefuseChanges(_OnTables):
    """Triggers on these models' tables refuse UPDATE, DELETE and TRUNCATE to every role. Stands behind `AppendOnly`:
    a right that was granted by mistake changes nothing."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', "
            "MESSAGE = 'rows of ' || TG_TABLE_NAME || ' are never changed'; END $$"
        )
        for name in self.names:
            table = to_state.apps.get_model(app_label, name)._meta.db_table
            schema_editor.execute(
                f'CREATE TRIGGER "{table}_rows_stay" BEFORE UPDATE OR DELETE ON "{table}" '
                f"FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
            schema_editor.execute(
                f'CREATE TRIGGER "{table}_table_stays" BEFORE TRUNCATE ON "{table}" '
                f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        return None  # the triggers go with the tables

    def describe(self) -> str:
        return f"Refuse every change of {', '.join(self.names)}"
