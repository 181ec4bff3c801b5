"""What people decide on samples: accepted or vetoed, one picture at a time."""
