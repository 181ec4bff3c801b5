"""The page of the experiment, made from rows and the plan alone: HTML, Markdown, one figure.

The doors are `assets.experiment_page.page.experiment_page`,
`assets.experiment_page.markdown.experiment_markdown` and
`assets.experiment_page.drawings.headline_plot`; nothing is imported here, since drawing is needed
by few runs.
"""
