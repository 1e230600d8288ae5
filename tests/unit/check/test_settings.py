"""The table `[tool.podshare]`."""

import pytest

from pytest_podshare import errors
from pytest_podshare.check import settings


def write(folder, table):
    """A pyproject.toml with that table."""
    path = folder / "pyproject.toml"
    path.write_text(f"[tool.podshare]\n{table}\n")
    return path


def test_the_nearest_file_counts(tmp_path):
    """Of all above the folder."""
    write(tmp_path, 'exclude = ["far"]')
    near = tmp_path / "near"
    (near / "deep").mkdir(parents=True)
    write(near, 'exclude = ["near"]\nignore = ["unused-volume"]\npod-templates = {Rollout = "a.b"}')

    found = settings.nearest(near / "deep")

    assert found == settings.Settings(frozenset({"unused-volume"}), ("near",), {"Rollout": "a.b"})


def test_without_a_file_or_a_table_nothing_is_set(tmp_path):
    """A pyproject.toml may be about other things."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")

    assert settings.nearest(tmp_path) == settings.Settings()


def test_a_command_line_adds_to_it():
    """It takes nothing away."""
    start = settings.Settings(frozenset({"unused-volume"}), ("a",), {"Rollout": "x", "Job": "y"})

    whole = start.with_more(["no-writer"], ["b"], ["Rollout=spec.template"])

    assert whole == settings.Settings(
        frozenset({"unused-volume", "no-writer"}),
        ("a", "b"),
        {"Rollout": "spec.template", "Job": "y"},
    )


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ('ignroe = ["x"]', "{} has no setting 'ignroe'.\nDid you mean 'ignore'?"),
        ("zzz = 1", "{} has no setting 'zzz'.\nIt has exclude, ignore, pod-templates."),
        ('ignore = "x"', '{} ignore is no list of strings.\nWrite it as `ignore = ["…"]`.'),
        ("exclude = [1]", '{} exclude is no list of strings.\nWrite it as `exclude = ["…"]`.'),
        (
            'pod-templates = ["x"]',
            "{} pod-templates is no table of strings.\n"
            'Write it as `pod-templates = { Rollout = "spec.template" }`.',
        ),
    ],
)
def test_a_wrong_table_is_an_error_in_two_lines(tmp_path, table, text):
    """That names the file."""
    path = write(tmp_path, table)

    with pytest.raises(errors.SettingsInvalid) as caught:
        settings.read(path)

    assert str(caught.value) == text.replace("{}", f"{path}: [tool.podshare]", 1)


@pytest.mark.parametrize("text", ["[tool\n", "tool = 3\n", "[tool]\npodshare = 3\n"])
def test_a_file_that_is_no_toml_or_has_no_such_table(tmp_path, text):
    """Only what concerns the check is an error."""
    path = tmp_path / "pyproject.toml"
    path.write_text(text)

    if text == "tool = 3\n":
        assert settings.read(path) == settings.Settings()
    else:
        with pytest.raises(errors.SettingsInvalid, match=r"pyproject\.toml"):
            settings.read(path)


def test_an_unknown_rule_is_an_error_that_names_the_nearest(tmp_path):
    """In the file and on the command line."""
    path = write(tmp_path, 'ignore = ["unused-volum"]')

    with pytest.raises(errors.UnknownRule, match=r"Did you mean 'unused-volume'") as in_file:
        settings.read(path)
    with pytest.raises(errors.UnknownRule, match=r"--ignore: there is no rule 'x'"):
        settings.Settings().with_more(ignore=["x"])

    assert str(path) in str(in_file.value)


@pytest.mark.parametrize("text", ["Rollout", "=spec", "Rollout="])
def test_a_pod_template_is_a_kind_and_a_path(text):
    """Both."""
    with pytest.raises(errors.SettingsInvalid, match="is not KIND=PATH"):
        settings.Settings().with_more(pod_templates=[text])
