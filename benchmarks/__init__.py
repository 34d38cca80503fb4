"""What is measured: each `python -m benchmarks.NAME` prints one table, ratios of one run."""
