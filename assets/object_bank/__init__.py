"""The stage `objects`: from source images to the bank of OOD objects."""
