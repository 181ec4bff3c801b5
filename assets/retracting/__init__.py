"""Sources that may no longer be used: what was made from them, marked, left out and removed."""
