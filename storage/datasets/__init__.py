"""Data sets of the method, one module each: where their files lie and what their labels mean."""
