"""Tests of what is public, as docs/reference.md says: users' code depends on it."""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from pathlib import Path

import pytest

import pytest_podshare
from pytest_podshare import errors

REFERENCE = Path("docs/reference.md").read_text()
# what the rooms of the package itself use of public classes; users must not
INTERNAL = {
    "Container": {"access", "close", "enqueue", "feed", "flush", "flush_pod", "open", "pod"}
    | {"qualified", "resolve_path", "run", "run_inline", "spec", "stream", "use_ephemeral_shell"},
    "Evidence": {"lines"},
    "Pod": {"api", "checks", "close", "cluster", "flush", "was_replaced"}
    | {
        "follow_replacement",
        "identity",
        "incidents",
        "live",
        "manifest",
        "manifest_location",
        "node",
    }
    | {"own_change", "create_evidence", "restart_sandbox"},
    "Podshare": {"cluster", "has_waited_for_room", "keep", "manifests", "objects", "pods"},
    "PodshareError": {"excerpt", "with_explanation", "with_option_prefix", "with_remedy"},
    "PodshareFactory": {"close", "open"},
}
INHERITED = {*dir(AssertionError), "add_note"}


def test_the_public_names_are_these():
    """Adding or removing a public name is a decision, not an accident."""
    expected = [
        "Container",
        "Evidence",
        "Pod",
        "PodUnstableWarning",
        "Podshare",
        "PodshareError",
        "PodshareFactory",
        "assert_completes",
        "assert_connectable",
        "assert_device_shared",
        "assert_file_visible",
        "assert_log_contains",
        "assert_lost_on_delete",
        "assert_lost_on_drain",
        "assert_medium",
        "assert_mount_propagated",
        "assert_not_shared",
        "assert_permissions",
        "assert_read_only",
        "assert_readable",
        "assert_same_files",
        "assert_size_limited",
        "assert_survives_delete",
        "assert_survives_drain",
        "assert_survives_restart",
        "assert_survives_sandbox_restart",
        "assert_update_not_visible",
        "assert_update_visible",
        "assert_writable",
    ]

    assert expected == pytest_podshare.__all__


def test_all_public_names_can_be_imported():
    """They are imported lazily, when they are first used."""
    missing = [name for name in pytest_podshare.__all__ if not hasattr(pytest_podshare, name)]

    assert missing == []


def documented_attributes():
    """Return the public attributes of each class in the reference's table."""
    section = REFERENCE.partition("\n## Public and private\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", section, re.M)
    return {name: set(re.findall(r"`(\w+)`", attributes)) for name, attributes in rows}


def package_classes():
    """Return all classes of the package by name."""
    prefix = f"{pytest_podshare.__name__}."
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(pytest_podshare.__path__, prefix)
    ]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__.startswith(prefix)
    }


def public_attributes(cls):
    """Return the attributes of a class and its instances without a leading underscore."""
    names = set(dir(cls)) | set(getattr(cls, "__dataclass_fields__", ()))
    for base in cls.__mro__:
        if base.__module__.startswith(pytest_podshare.__name__):
            tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
            names |= {
                node.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and ast.unparse(node.value) == "self"
            }
    return {name for name in names - INHERITED if not name.startswith("_")}


DOCUMENTED = documented_attributes()
CLASSES = package_classes()
PUBLIC_CLASSES = [
    *(
        name
        for name in pytest_podshare.__all__
        # a warning has no attribute but its text
        if inspect.isclass(value := getattr(pytest_podshare, name))
        and not issubclass(value, Warning)
    ),
    *(
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, (errors.PodshareError, AssertionError))
    ),
]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_attributes_exist(name):
    """A renamed or removed attribute is a change for users."""
    assert DOCUMENTED[name] - public_attributes(CLASSES[name]) == set()
    assert DOCUMENTED[name]


@pytest.mark.parametrize("name", sorted(set(PUBLIC_CLASSES)))
def test_attributes_of_public_classes_are_documented_or_internal(name):
    """An attribute becomes public by a decision, which the reference documents."""
    cls = CLASSES[name]
    bases = [base.__name__ for base in cls.__mro__]
    documented = set().union(*(DOCUMENTED.get(base, set()) for base in bases))
    internal = set().union(*(INTERNAL.get(base, set()) for base in bases))

    assert public_attributes(cls) == documented | internal
    assert documented & internal == set()
    assert documented


def test_attributes_that_are_set_on_instances_are_found():
    """Control for the tests above: attributes, properties, methods and fields."""
    assert {"evidence", "uid", "flush"} <= public_attributes(pytest_podshare.Pod)
    assert {"events", "steps"} <= public_attributes(pytest_podshare.Evidence)
    assert {"status", "what"} <= public_attributes(errors.ApiError)


@pytest.mark.parametrize(
    "name", [name for name in pytest_podshare.__all__ if name.startswith("assert_")]
)
def test_parameters_of_assertions_are_documented(name):
    """The reference lists them all, and no others."""
    row = re.search(rf"^\| `{name}\((.*?)\)` \|", REFERENCE, re.M)
    parameters = inspect.signature(getattr(pytest_podshare, name)).parameters

    assert set(re.findall(r"\w+", row[1])) == set(parameters)
