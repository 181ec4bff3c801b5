"""The miniature world on disk: the plan of `models.miniature`, written in the official layouts.

Workers import `assets.miniature.rendering`, so nothing heavy may be imported here.
"""
