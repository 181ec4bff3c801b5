"""Top floor: definitions, jobs, settings and the command line."""
