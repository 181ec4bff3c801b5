"""Shape and type annotations of models and storage are checked while the tests run."""

from jaxtyping import install_import_hook

install_import_hook(["models", "storage"], "beartype.beartype")
