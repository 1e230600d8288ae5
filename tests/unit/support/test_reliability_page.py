"""The sections of docs/reliability.md."""

from tests.support import reliability_page


def test_a_suite_replaces_only_its_own_section(monkeypatch, tmp_path):
    """The sections of other suites keep their text, also if the section is the last one."""
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n## One\nold\n\n## Two\nkept\n")
    monkeypatch.setattr(reliability_page, "PAGE", page)

    reliability_page.write_section("One", "new\n")
    assert page.read_text() == "# Title\n\n## One\nnew\n\n## Two\nkept\n"

    reliability_page.write_section("Two", "new too\n")
    assert page.read_text() == "# Title\n\n## One\nnew\n\n## Two\nnew too\n"


def test_numbers_have_thousands_separators():
    """In a table of Markdown."""
    assert reliability_page.table(["a", "b"], [["x", 1000]]) == (
        "| a | b |\n| --- | --- |\n| x | 1,000 |\n"
    )
