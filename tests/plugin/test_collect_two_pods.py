"""Items for what the Pod templates of one manifest share, without a cluster."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("no_kind")
SHARED = Path("manifests/web-and-worker.yaml").read_text()
ITEM = "Deployment/web::web→Deployment/worker:worker@uploads"


@pytest.fixture
def ids(pytester):
    """Return a function that collects a manifest and returns the IDs of its items."""

    def collect(text, *args):
        (pytester.path / "all.yaml").write_text(text)
        result = pytester.runpytest(
            "-p", "no:pytest-kind", "--podshare-manifests=all.yaml", "--collect-only", "-q", *args
        )
        lines = (line.partition("all.yaml::") for line in result.outlines)
        return [name for _, found, name in lines if found]

    return collect


def test_two_templates_with_one_claim_have_an_item(ids):
    """It belongs to the template of the writer, before what replaces its Pod."""
    assert ids(SHARED) == [
        "Deployment/web::wiring",
        "Deployment/web::restart@uploads[web]",
        ITEM,
        "Deployment/web::deleted@uploads",
        "Deployment/worker::wiring",
        "Deployment/worker::read-only@inbox[worker]",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("claimName: uploads\n---", "claimName: other\n---"),
        ("[ReadWriteOnce]", "[ReadWriteOncePod]"),
        ("name: worker\nspec", "name: worker\n  namespace: other\nspec"),
        ("mountPath: /srv/uploads", "mountPath: /srv/uploads\n              readOnly: true"),
    ],
)
def test_other_templates_have_none(ids, before, after):
    """Each of these manifests differs in one line."""
    assert before in SHARED

    names = ids(SHARED.replace(before, after, 1))

    assert ITEM not in names
    assert "Deployment/worker::wiring" in names


def test_a_claim_for_one_pod_fails_the_wiring(pytester):
    """The item that is missing is said to be impossible."""
    (pytester.path / "all.yaml").write_text(SHARED.replace("ReadWriteOnce", "ReadWriteOncePod"))

    result = pytester.runpytest(
        "-p", "no:pytest-kind", "--podshare-manifests=all.yaml", "-m", "podshare_static"
    )

    result.assert_outcomes(passed=1, failed=1, deselected=3)
    result.stdout.fnmatch_lines(
        ["*(ReadWriteOncePod), which Deployment/web uses as well*claim-for-one-pod*"]
    )


def test_the_item_can_be_selected_by_its_id(ids, pytester):
    """The colon and the slash are part of the name."""
    assert ids(SHARED) != []

    result = pytester.runpytest("-p", "no:pytest-kind", "--collect-only", "-q", f"all.yaml::{ITEM}")

    assert result.outlines[0] == f"all.yaml::{ITEM}"


def test_the_expectations_of_the_writer_turn_it_off(ids):
    """The annotation is read where the item hangs."""
    annotation = (
        "  annotations: {podshare.dev/expect: 'web->Deployment/worker:worker@uploads: off'}"
    )

    assert ITEM not in ids(SHARED.replace("  name: web\n", f"  name: web\n{annotation}\n", 1))
