"""The schema of a manifest table, and where its columns come from, as Dagster shows them."""

from typing import Any

import dagster as dg

from assets.column_lineage import column_lineage
from storage.manifests.schemas import arrow_schema


def table_metadata(asset: str, record_type: type) -> dict[str, Any]:
    """Metadata of an asset by its main table: columns, and the columns that they come from."""
    return {
        "dagster/column_schema": column_schema(record_type),
        "dagster/column_lineage": column_lineage(asset),
    }


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
