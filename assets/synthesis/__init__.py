"""Stage `synthesis`: draw the attempts at each scene and score them until one is kept."""
