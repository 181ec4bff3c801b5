"""What a checkpoint, or a folder of score files, is worth on a benchmark; no Dagster is needed.

The door is `assets.benchmarks.measuring.measure_benchmark`.
"""
