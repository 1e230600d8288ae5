"""Versions of Kubernetes in the options of the check."""

import pytest

from pytest_podshare import errors
from pytest_podshare.check import kube_versions
from pytest_podshare.check.render_options import HelmOptions, RenderOptions


def options(version, **charts):
    """Return options with a version for all, and versions of charts."""
    own = {name: HelmOptions(kube_version=text) for name, text in charts.items()}
    return RenderOptions(own, helm=HelmOptions(kube_version=version))


@pytest.mark.parametrize("version", ["", "1.34", "v1.36.3", "1.30.99-eks-1"])
def test_a_known_version_has_no_note(version):
    """Its fields are in the package."""
    assert kube_versions.list_notes(options(version)) == []


def test_an_unknown_version_has_a_note_with_the_nearest():
    """Each once, those of charts too."""
    notes = kube_versions.list_notes(options("1.28.0", a="1.28.0", b="1.99"))

    assert notes == [
        "the fields of Kubernetes 1.28.0 are not known; those of 1.30 are used",
        "the fields of Kubernetes 1.99 are not known; those of 1.37 are used",
    ]


@pytest.mark.parametrize("charts", [{}, {"a": "soon"}])
def test_what_is_no_version_is_an_error(charts):
    """On the command line and in the settings of a chart; control: the note of a version."""
    with pytest.raises(errors.SettingsInvalid, match="kube-version 'soon' is not a version"):
        kube_versions.list_notes(options("" if charts else "soon", **charts))
    assert len(kube_versions.list_notes(options("1.1"))) == 1
