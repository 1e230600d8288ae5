"""What the documents show is what the tests run."""

import inspect
import re
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.diagnosis.cause import MEANINGS
from pytest_podshare.plugin.option_table import OPTIONS

DOCUMENTS = [Path("README.md"), Path("CONTRIBUTING.md"), *sorted(Path("docs").glob("**/*.md"))]
SOURCES = {
    "python": sorted(Path("tests/examples").glob("*.py")),
    "yaml": sorted(Path("manifests").glob("**/*.yaml")),
}


def blocks(document, language):
    """Return the code blocks of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(), re.M | re.S)


@pytest.mark.parametrize("language", SOURCES)
@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_snippet_stands_in_a_file_that_is_tested(document, language):
    """A snippet cannot rot that is a part of a tested file."""
    texts = [source.read_text() for source in SOURCES[language]]

    astray = [
        block for block in blocks(document, language) if not any(block in text for text in texts)
    ]

    assert astray == []


def test_the_readme_shows_a_test():
    """The positive control: there is something to check."""
    assert blocks(Path("README.md"), "python")


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_relative_link_leads_somewhere(document):
    """A file that is renamed takes its links along."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_reference_lists_every_option():
    """Each row has the option, its default and its help."""
    rows = [line for line in Path("docs/reference.md").read_text().splitlines() if "`--" in line]

    missing = [
        option.option_string
        for option in OPTIONS
        if not any(
            row.startswith(
                f"| `{option.option_string}` | "
                f"{f'`{option.default}`' if option.default else option.unset} | {option.help}"
            )
            for row in rows
        )
    ]

    assert missing == []


def test_the_reference_lists_every_error():
    """With the sentence that its class has."""
    text = Path("docs/reference.md").read_text()
    classes = [
        each
        for each in vars(errors).values()
        if inspect.isclass(each) and issubclass(each, errors.PodshareError)
    ]

    missing = [
        each.__name__
        for each in classes
        if each is not errors.PodshareError
        and f"| `{each.__name__}` | {inspect.getdoc(each).splitlines()[0]} |" not in text
    ]

    assert len(classes) > 20
    assert missing == []


def test_the_reference_lists_every_cause():
    """With what it means."""
    text = Path("docs/reference.md").read_text()

    missing = [word for word in MEANINGS if f"| `{word}` | {MEANINGS[word]} |" not in text]

    assert len(MEANINGS) > 20
    assert missing == []
