"""What every failure text owes its reader, on the golden texts of all broken manifests."""

import re
from pathlib import Path

import pytest

from pytest_podshare.diagnosis.cause import MEANINGS

BROKEN = Path("tests/cluster/broken")
TEXTS = {path.stem: path.read_text() for path in sorted(BROKEN.glob("golden/*.txt"))}
TWINS = Path("tests/cluster/scenarios")
OF_TWINS = {path.stem: path.read_text() for path in sorted(TWINS.glob("golden/*.txt"))}

# causes that keep anybody from looking: nothing was learned about a file
BLIND = {"tool missing", "not running", "no answer", "evicted", "replaced", "deleted"}
# held by tests that have an API server or a node to stop: tests/faults
ELSEWHERE = {"API server unreachable", "node not ready"}


def word_of(text):
    """The word of the cause; None where the text names none, or more than one."""
    found = re.findall(rf"^ *why +({'|'.join(MEANINGS)}): \S", text, re.M)
    return found[0] if len(found) == 1 else None


def faults(text):
    """What is wrong with a failure text, whatever it is about."""
    found = []
    word = word_of(text)
    if word is None:
        found.append("no word of a cause")
    if len(text.splitlines()) > 12:
        found.append("over 12 lines")
    told = re.sub(r"^ *pod .*", "", text, flags=re.M)
    if word in BLIND and re.search(r"\bmissing\b(?!:)|no such file", told, re.I):
        found.append("blames a file that nobody could look for")
    if not re.match(r"pytest_podshare\.errors\.\w+: \S", text):
        found.append("no error of ours")
    return found


@pytest.mark.parametrize("name", [*TEXTS, *OF_TWINS])
def test_a_failure_text_is_sound(name):
    """It names one cause, in at most 12 lines, and blames no file that nobody could look for."""
    assert faults((TEXTS | OF_TWINS)[name]) == []


SOUND = """\
pytest_podshare.errors.PromiseBroken: 'c2' does not see what 'c1' wrote to volume 'v'
  got   c2:/v/f  missing  (for 2 s)
  why   shadowed: in c2 volume w is mounted at /v
"""
BLINDED = """\
pytest_podshare.errors.ToolMissing: The image of c2 has no usable `cat`.
  why    tool missing: the check needs it in the container
  pod    namespace/tool-missing
"""


@pytest.mark.parametrize("text", [SOUND, BLINDED], ids=["seen", "not seen"])
def test_a_sound_text_has_no_fault(text):
    """The positive control of its twins."""
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (SOUND.replace("shadowed", "strange"), "no word of a cause"),
        (SOUND.replace("  why ", "  where "), "no word of a cause"),
        (SOUND + SOUND, "no word of a cause"),
        (SOUND + 10 * "  row   fact\n", "over 12 lines"),
        (SOUND.replace("shadowed", "evicted"), "blames a file that nobody could look for"),
        (BLINDED + "cat: No such file or directory", "blames a file that nobody could look for"),
        ("AttributeError: no such thing\n  why  unknown: nothing", "no error of ours"),
    ],
)
def test_a_text_with_a_fault_is_found(text, fault):
    """The mutated twins: each rule can fail."""
    assert faults(text) == [fault]


def test_every_cause_has_a_golden_text():
    """A cause that nobody has read as prose is not named to anybody."""
    assert {word_of(text) for text in TEXTS.values()} == set(MEANINGS) - ELSEWHERE


def test_every_broken_manifest_is_run_and_every_text_is_of_a_test():
    """None of them is left over."""
    tests = (BROKEN / "broken_suite.py").read_text()
    run = set(re.findall(r'broken\("([\w-]+)"\)', tests))
    names = {name.replace("_", "-") for name in re.findall(r"^def test_(\w+)", tests, re.M)}

    assert run == {path.stem for path in Path("manifests/broken").glob("*.yaml")}
    assert names == set(TEXTS)


def test_every_text_of_a_twin_is_of_a_test():
    """None of them is left over."""
    tests = (TWINS / "test_init_container_twins.py").read_text()

    assert TEXTS.keys().isdisjoint(OF_TWINS)
    assert OF_TWINS.keys() == set(
        re.findall(r'"([a-z]+(?:-[a-z]+)+)"(?::| if| else|$)', tests, re.M)
    )
