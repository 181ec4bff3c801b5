"""The schema of a manifest table as Dagster shows it in the asset catalog."""

import dagster as dg

from storage.manifests.schemas import arrow_schema


def column_schema(record_type: type) -> dg.TableSchema:
    """Columns of a record with their Arrow types and their meaning."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=str(column.type),
                description=(column.metadata or {}).get(b"doc", b"").decode(),
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in arrow_schema(record_type)
        ]
    )
