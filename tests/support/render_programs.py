"""Stand-ins for helm and kustomize."""

import sys
from pathlib import Path

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n"


def program(folder, name, body):
    """Create a program in Python."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys, time\nwarn = sys.stderr.write\n{body}\n")
    path.chmod(0o755)


def rendering_program(folder, name):
    """Create a program that renders a Pod with the program's arguments in a comment."""
    body = f"print('---\\n# Source: web/templates/pod.yaml\\n#', *sys.argv[1:])\nprint({POD!r})"
    program(folder, name, body)


def write(name, text=""):
    """Write a file in the working folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
