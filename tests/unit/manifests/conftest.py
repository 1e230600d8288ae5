"""The parsers of PyYAML, and the errors of the reader."""

import pytest
import yaml

from pytest_podshare import errors
from pytest_podshare.manifests import yaml_reader
from pytest_podshare.manifests.source import read

_PARSERS = sorted({yaml.SafeLoader, yaml_reader.PARSER}, key=lambda parser: parser.__name__)


@pytest.fixture(params=_PARSERS, ids=lambda parser: parser.__name__)
def each_parser(request, monkeypatch):
    """Read with each of PyYAML's parsers, because the C parser is not installed everywhere."""
    monkeypatch.setattr(yaml_reader, "PARSER", request.param)


@pytest.fixture
def error_text():
    """Return a function that returns the text of the error for a manifest."""

    def read_error(manifest):
        with pytest.raises(errors.ManifestInvalid) as caught:
            read(manifest)
        return str(caught.value)

    return read_error
