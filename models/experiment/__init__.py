"""What a proof needs beside trainings: its plan, and statistics of trials that share seeds."""
