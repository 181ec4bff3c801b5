"""From a selection file to the pairs that a network is trained on."""
