"""Every column that the lineage names is there: in the table of the child, and of the parent."""

import dagster as dg
import pytest

from pipelines.definitions import defs

GRAPH = defs.resolve_asset_graph()
NODES = {node.key.to_user_string(): node for node in GRAPH.asset_nodes}
TABLES = {name: node for name, node in NODES.items() if "dagster/column_lineage" in node.metadata}


def columns(name):
    schema = NODES[name].metadata["dagster/column_schema"]
    return {column.name for column in schema.columns}


def lineage(name):
    return TABLES[name].metadata["dagster/column_lineage"].deps_by_column


def ancestors(name):
    return {key.to_user_string() for key in GRAPH.get_ancestor_asset_keys(dg.AssetKey(name))}


def test_all_stages_that_commit_a_table_have_a_lineage():
    assert set(TABLES) == {
        *("ood_objects", "scene_requests", "detector_calibration", "synthetic_scenes"),
        *("filtered_scenes", "labelled_scenes", "imported_scenes", "training_set"),
        *("closed_set_checkpoint", "segmenter_checkpoint", "benchmark_scores"),
        *("experiment_trials", "experiment_results"),
    }


@pytest.mark.parametrize("name", sorted(TABLES))
def test_named_columns_are_in_both_tables(name):
    above = ancestors(name)
    for column, parents in lineage(name).items():
        assert column in columns(name)
        assert parents, column
        for parent in parents:
            source = parent.asset_key.to_user_string()
            assert source in above, f"{name}.{column} cannot come from {source}"
            assert parent.column_name in columns(source), f"{name}.{column}: {source}"


def test_the_picture_of_a_training_pair_leads_back_to_a_photograph_and_an_object():
    seen, todo = set(), [("training_set", "label_sha256")]
    while todo:
        table, column = todo.pop()
        if (table, column) in seen:
            continue
        seen.add((table, column))
        found = lineage(table).get(column, ()) if table in TABLES else ()
        todo += [(dep.asset_key.to_user_string(), dep.column_name) for dep in found]
    assert ("cityscapes_cities", "label") in seen
    assert ("ood_objects", "object_id") in seen
    assert ("coco", "label") in seen
