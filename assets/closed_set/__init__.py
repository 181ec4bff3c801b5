"""Training on the known classes alone: the asset `closed_set_checkpoint`, and what it runs.

`order` says what is trained on which frames, `training` trains and commits, `start` lets the
two-stage training begin with what came out. Whatever needs torch is imported inside functions.
"""
