"""What the code base promises about itself."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

import clas_nlp
from clas_nlp.codebook import load_codebook

PACKAGE = ROOT / "clas_nlp"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "_shipped" not in p.parts)

MOST_LINES = 400
#: Modules that are longer, and why.
LONG: dict[str, str] = {}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "factories", "manager", "base"}
COSTLY = tuple("spacy sklearn scipy numpy pandas datasets openpyxl matplotlib rich".split())


def _name(module: Path) -> str:
    parts = module.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {_name(module): module for module in MODULES}


def _python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ------------------------------------------------------------------ the public names


def test_init_exports_exactly_what_it_says() -> None:
    assert sorted(clas_nlp.__all__) == list(dir(clas_nlp))
    assert len(set(clas_nlp.__all__)) == len(clas_nlp.__all__)
    for name in clas_nlp.__all__:
        assert getattr(clas_nlp, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'frobnicate'"):
        clas_nlp.frobnicate  # noqa: B018


def test_star_import_gives_the_public_names_and_no_more() -> None:
    program = (
        "before = set(dir())\n"
        "from clas_nlp import *\n"
        "import clas_nlp\n"
        "found = set(dir()) - before - {'before', 'clas_nlp'}\n"
        "print(sorted(found ^ set(clas_nlp.__all__)))\n"
    )
    assert _python(program).strip() == "[]"


def test_type_checkers_see_every_public_name() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in ast.walk(block) if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname or alias.name for node in imports for alias in node.names}
    assert seen == set(clas_nlp.__all__) - {"__version__"}


@pytest.mark.parametrize("package", [n for n, p in NAMES.items() if p.name == "__init__.py"])
def test_every_name_in_all_is_there(package: str) -> None:
    module = __import__(package, fromlist=["__all__"])
    for name in getattr(module, "__all__", ()):
        assert hasattr(module, name), f"{package}.{name}"


def test_public_things_are_documented() -> None:
    for name in clas_nlp.__all__:
        if not name.startswith("__"):
            assert (getattr(clas_nlp, name).__doc__ or "").strip(), name


# ------------------------------------------------------------------ modules


def test_modules_are_named_for_their_subject() -> None:
    for module in MODULES:
        parts = {part.lower() for part in module.relative_to(PACKAGE).with_suffix("").parts}
        assert not parts & VAGUE, module


def test_no_module_is_long_without_a_reason() -> None:
    long = {
        module.relative_to(PACKAGE).as_posix()
        for module in MODULES
        if len(module.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }
    assert long <= set(LONG)


def test_every_module_says_what_it_is_for() -> None:
    for module in MODULES:
        assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))), module


def _imports(body: list[ast.stmt]) -> Iterator[str]:
    """Modules of this package that are imported when a module is; not within functions."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in NAMES else node.module
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from _imports([*node.body, *node.orelse])
        elif isinstance(node, ast.Try | ast.With):
            yield from _imports(node.body)


def test_no_module_imports_in_a_circle() -> None:
    graph = {
        name: sorted(
            {
                imported
                for imported in _imports(ast.parse(path.read_text(encoding="utf-8")).body)
                if imported in NAMES
            }
        )
        for name, path in NAMES.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for imported in graph[name]:
                visit(imported, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_every_module_can_be_imported_first() -> None:
    names = [name for name in NAMES if not name.endswith("__main__")]
    program = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    for loaded in [m for m in sys.modules if m.split('.')[0] == 'clas_nlp']:\n"
        "        del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
        "print('all')\n"
    )
    assert _python(program).strip() == "all"


# ------------------------------------------------------------------ what an import costs


@pytest.mark.parametrize("what", ["clas_nlp", "clas_nlp.cli.app"])
def test_importing_costs_nothing(what: str) -> None:
    program = f"import sys, {what}\nprint(sorted(set(sys.modules) & set({COSTLY!r})))\n"
    found = set(ast.literal_eval(_python(program)))
    # Typer itself may load rich.
    assert found <= ({"rich"} if what.endswith("app") else set())


def test_reading_a_report_needs_no_learning_library() -> None:
    report = ROOT / "corpus" / "reports" / "dudley.txt"
    program = (
        "import sys, clas_nlp\n"
        f"clas_nlp.read_report({str(report)!r})\n"
        "print(sorted(set(sys.modules) & {'sklearn', 'pandas', 'datasets'}))\n"
    )
    assert _python(program).strip() == "[]"


def test_tagging_needs_no_network_library_and_no_training() -> None:
    program = (
        "import sys, clas_nlp\n"
        f"tagger = clas_nlp.load({str(ROOT / 'models' / 'default')!r})\n"
        "tagger.tag_texts(['Staff have no supervision.'])\n"
        "print(sorted(set(sys.modules) & {'sklearn', 'datasets', 'clas_nlp.training'}))\n"
    )
    assert _python(program).strip() == "[]"


# ------------------------------------------------------------------ what code may not say


def _strings(module: Path) -> Iterator[tuple[int, str]]:
    """Strings of a module that are no docstrings."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def test_themes_are_not_spelled_in_code() -> None:
    themes = set(load_codebook().theme_ids)
    compound = {theme for theme in themes if "_" in theme}
    for module in MODULES:
        for line, text in _strings(module):
            words = set(re.findall(r"\w+", text))
            assert text not in themes and not words & compound, f"{module}:{line}: {text!r}"


def test_templates_do_not_spell_themes() -> None:
    compound = {theme for theme in load_codebook().theme_ids if "_" in theme}
    for path in PACKAGE.rglob("*"):
        if (
            path.suffix in (".html", ".css", ".js", ".jinja", ".j2")
            and "_shipped" not in path.parts
        ):
            assert not set(re.findall(r"\w+", path.read_text(encoding="utf-8"))) & compound, path


def test_only_the_command_line_prints_or_exits() -> None:
    for module in MODULES:
        relative = module.relative_to(PACKAGE).parts
        if relative[0] == "cli" or relative[-1] == "__main__.py":
            continue
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("print", "exit", "quit", "sys.exit", "os._exit"), (
                    f"{module}:{node.lineno}: {called}"
                )


def test_nothing_reaches_for_the_network_or_runs_code_from_files() -> None:
    barred = {"pickle", "joblib", "dill", "requests", "urllib.request", "http.client", "socket"}
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not barred & set(names), f"{module}:{node.lineno}"
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in ("eval", "exec"), f"{module}:{node.lineno}"


def test_the_version_is_the_packages() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{clas_nlp.__version__}"' in project
