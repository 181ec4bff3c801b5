"""What each command of `multishift` does; `pipelines.cli` names them."""
