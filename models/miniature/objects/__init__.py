"""The OOD objects: how each kind is built, finished and put into a scene."""
