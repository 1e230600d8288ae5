"""Golden texts: what a failure said when somebody last read it, without what differs by run.

`PODSHARE_GOLDEN=write` rewrites them.
"""

import os
import re
import textwrap

import pytest

# what differs from run to run, and what replaces it
REPLACEMENTS = {
    r"podshare-[0-9a-f]{8}-[0-9a-f]{4}\b": "NAMESPACE",
    r"podshare-[0-9a-f]{16}\b": "NONCE",
    r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b": "UID",
    r"(?<=Pod )[0-9a-f]{8}\b": "UID",
    r"\b(?=\w*\d)[0-9a-f]{12,64}\b": "ID",
    r"(?<=sha256 )[0-9a-f]{8}": "DIGEST",
    r"\b\d{4}-\d\d-\d\dT[\d:]+Z": "TIME",
    r"\b\d\d:\d\d:\d\d\.\d{3}\b": "TIME",
    # an init container that a busy node could not start the first time
    r"(?: and from TIME to TIME)+": "",
    r"\b[\w.-]+-(control-plane|worker\d*)\b": "NODE",
    r"(?<=replaced-)[0-9a-z]{5,10}-[0-9a-z]{5}\b": "POD",
    # the Pod of a Deployment
    r"(?<=missing-key-)[0-9a-z]{5,10}-[0-9a-z]{5}\b": "POD",
    # the Pod of a Job
    r"(?<=/worker-)[0-9a-z]{5}\b": "POD",
    r"(?<=never-ends-)[0-9a-z]{5}\b": "POD",
    r"(?<=deadline-exceeded-)[0-9a-z]{5}\b": "POD",
    r"(?<= is )(ext4|xfs|btrfs|overlay)(?= \()": "FS",
    r"\b\d+(\.\d+)? ms\b": "N ms",
    r"\b\d+\.\d+ s\b": "N s",
    # a crashing container may have restarted again
    r"\b\d+ restarts?\b": "N restarts",
}


def read_marked_lines(printed):
    """Return the lines that pytest marks with E, normalized; "" for a test that did not fail."""
    # one block for each error of a chain
    blocks = re.findall(r"(?:^E(?: .*)?\n)+", printed + "\n", re.M)
    return normalize(
        "\n".join(textwrap.dedent(re.sub("^E", " ", block, flags=re.M)) for block in blocks)
    )


def describe(error):
    """Return the text of an error as pytest prints it, normalized."""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    return normalize(f"{name}: {error}\n")


def normalize(text):
    """Return a text without what differs from run to run."""
    for pattern, name in REPLACEMENTS.items():
        text = re.sub(pattern, name, text)
    return text


def assert_golden(path, text):
    """Compare a text with the golden one in a file, or rewrite that and skip."""
    if os.environ.get("PODSHARE_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        pytest.skip(f"{path.name} was rewritten: read it as if you did not know the manifest")
    assert path.read_text().splitlines() == text.splitlines()
