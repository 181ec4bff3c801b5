"""The proof: arms trained on one world under many seeds, measured on others, compared in pairs."""
