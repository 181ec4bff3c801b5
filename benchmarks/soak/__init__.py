"""A soak: the three servers under a supervisor, a schedule that ticks, and faults at random."""
