"""Second floor: one module a stage. Each asset reads, calls `models`, commits, returns."""
