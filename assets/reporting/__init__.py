"""The report that is made from measured rows alone: one HTML page, and the same as Markdown.

The doors are `assets.reporting.page.report_page` and `assets.reporting.markdown.report_markdown`;
nothing is imported here, since drawing is needed by few runs.
"""
