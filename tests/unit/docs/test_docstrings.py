"""Tests of the source: docstrings are imperative, names are meaningful, imports have no cycle."""

import ast
import collections
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOTS = [Path("pytest_podshare"), Path("sandbox")]
FILES = sorted(file for root in ROOTS for file in root.rglob("*.py"))
# words that no sentence in the imperative begins with
NOT_VERBS = {
    *("a", "all", "an", "any", "as", "at", "by", "each", "every", "for", "how", "in", "it", "its"),
    *("no", "nobody", "nothing", "of", "one", "that", "the", "their", "there", "these", "this"),
    *("those", "to", "what", "whatever", "when", "where", "whether", "which", "who", "whoever"),
    *("whose", "why", "with"),
}
# words that say nothing about the thing they name
EMPTY_NAMES = {"asked", "each", "its", "made", "said", "told"}


def is_rule(function):
    """Return whether a function is a rule of the check, whose docstring is the rule's summary."""
    return any(ast.unparse(decorator).startswith("rule(") for decorator in function.decorator_list)


def find_noun_phrases(source):
    """Return the first words of functions' docstrings that are not verbs; properties included."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = ast.get_docstring(node) or ""
            word = docstring.partition(" ")[0].strip("`\"'.,:;").lower()
            if word in NOT_VERBS and not is_rule(node):
                found.append(f"{node.name}: {word}")
    return found


@pytest.mark.parametrize("file", FILES, ids=str)
def test_docstrings_of_functions_begin_with_a_verb(file):
    """Ruff checks the mood of functions, but not of properties."""
    assert find_noun_phrases(file.read_text()) == []


@pytest.mark.parametrize("first", ["The size.", "Whether it is.", "What `x` is.", "`Its` name."])
def test_a_docstring_that_begins_with_a_noun_phrase_is_found(first):
    """Counterexamples; control: a verb."""
    source = 'class C:\n    @property\n    def f(self):\n        """{}"""\n'

    assert len(find_noun_phrases(source.format(first))) == 1
    assert find_noun_phrases(source.format("Return the size.")) == []


def check_mood(*paths):
    """Run ruff's check of the imperative mood."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select=D401"]
    return subprocess.run([*command, *paths], capture_output=True, text=True, check=False)


def test_docstrings_of_functions_are_imperative(tmp_path):
    """Control: the third person."""
    third_person = tmp_path / "third_person.py"
    third_person.write_text('def f():\n    """Returns the size."""\n')

    # the docstring of a rule is its summary
    result = check_mood(*(file for file in FILES if file.parent.name != "rules"))

    assert (result.returncode, result.stdout) == (0, "All checks passed!\n")
    assert check_mood(third_person).returncode == 1


def find_empty_names(source):
    """Return the empty names that are bound in a source."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            names.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler)):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname)
    return names & EMPTY_NAMES


@pytest.mark.parametrize("file", FILES, ids=str)
def test_names_are_meaningful(file):
    """A container is called `container`, and not `each`."""
    assert find_empty_names(file.read_text()) == set()


@pytest.mark.parametrize(
    "source",
    [
        "told = 1",
        "for told in x: pass",
        "[told for told in x]",
        "(told := 1)",
        "self.told = 1",
        "told: int",
        "lambda told: 1",
        "def told(): pass",
        "def f(*, told): pass",
        "import x as told",
        "try: pass\nexcept E as told: pass",
    ],
)
def test_an_empty_name_is_found(source):
    """Counterexamples; control: a name that is only read, as of another package."""
    assert find_empty_names(source) == {"told"}
    assert find_empty_names("x = y.told") == set()


def list_classes(files):
    """Return the name of each class in the files."""
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    return [node.name for node in nodes if isinstance(node, ast.ClassDef)]


def find_repeated(names):
    """Return the names that occur more than once."""
    return {name for name, count in collections.Counter(names).items() if count > 1}


def test_no_class_or_module_name_occurs_twice():
    """An import could be mistaken for another; control: `__init__`."""
    files = [file for file in FILES if file.parts[0] == "pytest_podshare"]
    modules = [file.stem for file in files]

    assert find_repeated(modules) == {"__init__"}
    assert find_repeated(list_classes(files)) == set()
    assert find_repeated(list_classes(files * 2)) >= {"Api", "PodshareError"}


def module_name(file):
    """Return the dotted name of a file's module."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def list_imports(source, modules):
    """Return those of the modules that a source imports anywhere, even for types only."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "all imports are absolute"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= inner & modules
            names |= {node.module} if inner - modules else set()
    return names & modules


def find_cycle(graph):
    """Return a cycle of a graph; None if it has none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return None


def test_no_module_imports_itself():
    """Neither directly nor through other modules; `__init__` of the package is lazy."""
    files = {module_name(file): file for file in FILES if file != ROOTS[0] / "__init__.py"}
    graph = {
        name: list_imports(file.read_text(), files.keys() - {name}) for name, file in files.items()
    }

    assert find_cycle(graph) is None
    assert "pytest_podshare.errors" in graph["pytest_podshare.deadline"]
    # control: with an import back there is a cycle
    graph["pytest_podshare.escaping"] = {"pytest_podshare.deadline"}
    assert "pytest_podshare.errors" in find_cycle(graph)
