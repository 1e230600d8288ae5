"""docs/reliability.md: a section for each suite that counts verdicts, each written by its suite."""

from pathlib import Path

PAGE = Path("docs/reliability.md")


def write_section(title, text):
    """Replace the text of the section with this title; all others stay as they are."""
    heading = f"## {title}\n"
    before, found, rest = PAGE.read_text().partition(heading)
    assert found, f"{PAGE} has no section {title}"
    _, following, others = rest.partition("\n## ")
    PAGE.write_text(f"{before}{heading}{text.rstrip()}\n{following}{others}")


def table(columns, rows):
    """Return a Markdown table; numbers have thousands separators."""
    head = [columns, ["---"] * len(columns)]
    cells = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in [*head, *cells])
