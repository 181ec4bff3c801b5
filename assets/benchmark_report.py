"""Stage `evaluation`: one page of what `benchmark_scores` holds, beside published numbers."""

import dagster as dg

from assets.benchmarks.committing import rows_of
from assets.benchmarks.names import ASSET, CODE_VERSION, REPORT, benchmarks
from assets.benchmarks.report import results_table
from assets.execution import RESUMES
from assets.failures import bad_input_fails_once
from assets.lineage import version_to_read
from assets.resources import ManifestStore


@dg.asset(
    name=REPORT,
    deps=[ASSET],
    partitions_def=benchmarks,
    group_name="evaluation",
    kinds={"html"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    retry_policy=RESUMES,
    # Seconds of work without a network: written again whenever there are new scores.
    automation_condition=dg.AutomationCondition.eager(),
)
def benchmark_report(
    context: dg.AssetExecutionContext, store: ManifestStore
) -> dg.MaterializeResult[None]:
    """The latest numbers of a benchmark as HTML and as Markdown, below the store's reports.

    Equal rows give equal files. The page needs no server and no network.
    """
    from assets.reporting.inline import inline_plots
    from assets.reporting.markdown import report_markdown
    from assets.reporting.page import report_page

    with bad_input_fails_once():
        opened = store.open()
        version = version_to_read(ASSET, context.partition_key, opened)
        rows = rows_of(version, opened)
        name = f"{ASSET}/{context.partition_key}"
        page = opened.write_report(f"{name}.html", report_page([rows], opened.blobs).encode())
        text = report_markdown([rows])
        plain = opened.write_report(f"{name}.md", text.encode())
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version.fingerprint),
        metadata={
            "page": dg.MetadataValue.path(str(page)),
            "markdown": dg.MetadataValue.path(str(plain)),
            **inline_plots(rows),
            "results": results_table(rows),
            "report": dg.MetadataValue.md(text),
            "scores_version": dg.MetadataValue.int(version.version),
        },
    )
