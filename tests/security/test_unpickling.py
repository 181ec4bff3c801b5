"""Nothing that a file or a row says is run: unpickled is in three places only, on purpose."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("storage", "models", "assets", "pipelines")

ALLOWED = {
    # A restricted reader: names outside a short list are refused (the full release of ADE20K).
    "storage/datasets/unpickle.py",
    # Items and functions that travel to workers over loopback or TLS, never from a file.
    "assets/engine/dispatch.py",
    "assets/engine/worker.py",
}
"""Where something may be unpickled; docs/security.md tells why."""

UNPICKLERS = {
    *(f"{module}.{name}" for module in ("pickle", "_pickle", "cloudpickle", "dill", "marshal")
      for name in ("load", "loads", "Unpickler")),
    *("joblib.load", "shelve.open", "pandas.read_pickle", "pd.read_pickle", "yaml.load"),
    *("yaml.unsafe_load", "yaml.full_load", "torch.hub.load"),
}  # fmt: skip


WORDS = re.compile("load|Unpickler|read_pickle|read_array|eval|exec|shelve")
"""A module without any of these calls none of what is looked for."""


def calls(path: Path):
    """Dotted name and call of everything that a module calls or inherits from."""
    text = path.read_text(encoding="utf-8")
    if not WORDS.search(text):  # most modules, in a fraction of the time
        return
    tree = ast.parse(text)
    names = imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield full_name(node.func, names), node
        elif isinstance(node, ast.ClassDef):
            for base in node.bases:
                yield full_name(base, names), node


def imported_names(tree):
    """What each name of a module stands for: ``load`` for ``pickle.load``."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
    return names


def full_name(node, names):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def is_unsafe(name: str, call: ast.AST) -> bool:
    """Whether a call may run what the bytes that it reads say."""
    options = {word.arg: word.value for word in getattr(call, "keywords", ())}
    if name == "torch.load":
        return not is_constant(options.get("weights_only"), True)
    if name in ("numpy.load", "np.load") or name.endswith("format.read_array"):
        return "allow_pickle" in options and not is_constant(options["allow_pickle"], False)
    return name in UNPICKLERS or name in ("eval", "exec", "builtins.eval", "builtins.exec")


def is_constant(node, value):
    return isinstance(node, ast.Constant) and node.value is value


def unsafe_calls():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for name, call in calls(path):
                if is_unsafe(name, call):
                    yield path.relative_to(ROOT).as_posix(), call.lineno, name


def test_nothing_is_unpickled_but_where_it_is_known_to_be_safe():
    found = list(unsafe_calls())
    others = [place for place in found if place[0] not in ALLOWED]
    assert not others
    assert {path for path, _, _ in found} == ALLOWED, "an exception that is none any more"


def test_the_search_finds_what_it_looks_for(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text(
        "import pickle as p, numpy as np, torch\n"
        "from pickle import loads as unpack\n"
        "p.load(f)\nunpack(b)\ntorch.load(f)\ntorch.load(f, weights_only=False)\n"
        "np.load(f, allow_pickle=True)\neval(text)\nclass Mine(p.Unpickler): ...\n"
    )
    good = tmp_path / "good.py"
    good.write_text(
        "import numpy as np, pickle, torch\n"
        "torch.load(f, weights_only=True)\nnp.load(f)\nnp.load(f, allow_pickle=False)\n"
        "pickle.dumps(x)\nmodel.eval()\n"
    )
    assert sum(is_unsafe(*found) for found in calls(bad)) == 7
    assert not [found for found in calls(good) if is_unsafe(*found)]
