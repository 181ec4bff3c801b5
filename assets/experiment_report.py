"""Stage `experiment`: one page of what a plan gave in a world, beside what the paper printed."""

from collections.abc import Mapping

import dagster as dg

from assets.execution import RESUMES
from assets.experiment.names import RESULTS, measured_worlds
from assets.failures import bad_input_fails_once
from assets.lineage import version_to_read
from assets.resources import ManifestStore
from storage.manifests.pointers import ManifestVersion
from storage.store import Store

REPORT = "experiment_report"

CODE_VERSION = "1"
"""Raise it when equal rows give another page."""

FOLDER = "experiment"
"""Below the store's reports."""


@dg.asset(
    name=REPORT,
    deps=[RESULTS],
    partitions_def=measured_worlds,
    group_name="experiment",
    kinds={"html"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    retry_policy=RESUMES,
    # Seconds of work without a network: written again whenever there are new results.
    automation_condition=dg.AutomationCondition.eager(),
)
def experiment_report(
    context: dg.AssetExecutionContext, store: ManifestStore
) -> dg.MaterializeResult[None]:
    """The latest results of a plan as HTML and Markdown, and the figure of its claims.

    Equal rows give equal files. The page needs no server and no network; a plan of which a part
    is missing gives a page that names the part.
    """
    with bad_input_fails_once():
        opened = store.open()
        version = version_to_read(RESULTS, context.partition_key, opened)
        written = write_experiment_report(version, opened)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.fingerprint),
        metadata={**written, "results_version": dg.MetadataValue.int(version.version)},
    )


def write_experiment_report(
    version: ManifestVersion, store: Store
) -> Mapping[str, dg.MetadataValue]:
    """Write page, Markdown and figure of a version of results; where they are, as metadata.

    Raises:
        ValueError: if what the results were made from is gone.
    """
    from assets.experiment_page.claims import summary_words
    from assets.experiment_page.drawings import headline_plot
    from assets.experiment_page.markdown import experiment_markdown, headline_markdown
    from assets.experiment_page.page import experiment_page
    from assets.experiment_page.reading import rows_of_version
    from assets.experiment_page.shown import claims_table

    rows = rows_of_version(version, store)
    name = f"{FOLDER}/{rows.plan.name}-{rows.world}"
    page = store.write_report(f"{name}.html", experiment_page(rows).encode())
    plain = store.write_report(f"{name}.md", experiment_markdown(rows).encode())
    written: dict[str, dg.MetadataValue] = {
        "page": dg.MetadataValue.path(str(page)),
        "markdown": dg.MetadataValue.path(str(plain)),
        "summary": dg.MetadataValue.text(summary_words(rows)),
        "claims": dg.MetadataValue.md(headline_markdown(rows)),
    }
    figure = headline_plot(rows, width=7)
    if figure is not None:
        path = store.write_report(f"{name}.png", figure.png())
        written["figure"] = dg.MetadataValue.path(str(path))
        written["headline"] = claims_table(rows)
    return written
