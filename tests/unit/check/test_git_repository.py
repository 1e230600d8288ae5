"""The Git repository that a manifest is in."""

import pytest

from pytest_podshare.check.releases.git_repository import find_repository

CONFIG = """\
[core]
\tbare = false
[remote "origin"]
\turl = {}
[submodule "vendor"]
\turl = https://example.com/vendor
"""


def repository(folder, url):
    """Create a repository, and return what is found in a folder of it."""
    (folder / ".git").mkdir()
    (folder / ".git/config").write_text(CONFIG.format(url))
    return find_repository(folder / "a/b")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/shop/Deploy.git",
        "git@example.com:shop/deploy.git",
        "git@example.com:deploy",
        "ssh://example.com/deploy/",
    ],
)
def test_a_repository_is_the_one_at_its_remote(tmp_path, url):
    """Whatever the protocol and the owner; not one of another name, nor a submodule."""
    found = repository(tmp_path, url)

    assert (found.root, found.remotes) == (tmp_path, {"deploy"})
    assert found.may_be("http://mirror.example.com/x/deploy.git")
    assert not found.may_be("https://example.com/vendor")
    assert not found.may_be("")


def test_a_repository_without_a_remote_may_be_any(tmp_path):
    """Nothing says that it is another one."""
    (tmp_path / ".git").mkdir()

    assert find_repository(tmp_path).may_be("https://example.com/x")


def test_a_linked_work_tree_has_the_remotes_of_its_repository(tmp_path):
    """Its `.git` is a file."""
    main, linked = tmp_path / "main", tmp_path / "linked"
    for folder in (main, linked):
        folder.mkdir()
    repository(main, "https://example.com/deploy")
    state = main / ".git/worktrees/linked"
    state.mkdir(parents=True)
    (state / "commondir").write_text("../..\n")
    (linked / ".git").write_text(f"gitdir: {state}\n")

    assert find_repository(linked).remotes == {"deploy"}


def test_a_path_is_found_only_within_the_repository(tmp_path):
    """It starts at the root, with or without a slash."""
    found = repository(tmp_path, "x")
    (tmp_path / "charts").mkdir()

    assert found.find("charts") == found.find("./charts") == found.find("/charts")
    assert found.find("charts") == tmp_path / "charts"
    assert found.find(".") == tmp_path
    for path in ("..", "../x", "gone", "charts/../.."):
        assert found.find(path) is None


def test_a_folder_outside_any_repository_has_none(tmp_path):
    """The folders above it are those of the machine."""
    assert find_repository(tmp_path / "a") is None
