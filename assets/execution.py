"""How steps are run, whatever they compute: again after a crash, and one at a time on a device."""

import dagster as dg

GPU_POOL = "gpu"
"""Pool of the steps that draw, judge, train or measure with networks.

`dagster.yaml` lets one of them run at a time. The pool counts steps, not devices: it is there
without a GPU, too, where such steps would take the cores from each other.
"""

RESUMES = dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL)
"""For steps that go on from what they have finished: tried again after 10 s, and after 30 s more.

A process that was killed, a full disk or a lost connection is given the time to pass. Bad input is
not tried again (`assets.failures`), nor is a check that is not passed.
"""
