"""Training of segmenters on a training set: the asset `segmenter_checkpoint`, and what it runs.

`order` says what is trained from what, `work` is one training as an item of the engine, `running`
trains in a work folder, `committing` brings what came out into the store. Whatever needs torch is
imported inside functions of `work`: no definition of Dagster loads it.
"""
