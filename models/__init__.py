"""First floor: the science. Values in, values out; no disk, no clock, no environment."""
