"""The web app is built once for each state of its sources."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import build_web


class FakeNode:
    """Stands where Node would: counts builds and leaves what a build leaves."""

    builds = 0
    fails = False

    def __init__(self, web: Path) -> None:
        self._built = web / build_web.BUILT

    def install(self) -> None:
        pass

    def run(self, script: Path | str, *arguments: str) -> None:
        FakeNode.builds += 1
        self._built.mkdir(parents=True)
        (self._built / "index.html").write_text(f"build {FakeNode.builds}")
        if FakeNode.fails:
            raise subprocess.CalledProcessError(1, "vite")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    web = tmp_path / "dashboards" / "web"
    (web / "src").mkdir(parents=True)
    (web / "package.json").write_text("{}")
    (web / "src" / "main.ts").write_text("start()")
    monkeypatch.setattr(build_web, "Node", FakeNode)
    monkeypatch.setattr(build_web, "CONFIGS", ("vite.config.ts",))
    monkeypatch.setattr(FakeNode, "builds", 0)
    monkeypatch.setattr(FakeNode, "fails", False)
    return tmp_path


def test_an_unchanged_tree_is_not_built_again(tree: Path) -> None:
    assert build_web.build(tree) is True

    assert build_web.build(tree) is False

    assert FakeNode.builds == 1


def test_a_changed_a_new_and_a_removed_source_each_mean_a_build(tree: Path) -> None:
    build_web.build(tree)
    source = tree / "dashboards" / "web" / "src" / "main.ts"

    source.write_text("start(now)")
    assert build_web.build(tree) is True
    source.with_name("page.ts").write_text("")
    assert build_web.build(tree) is True
    source.with_name("page.ts").unlink()
    assert build_web.build(tree) is True


def test_a_build_that_fails_leaves_the_last_one_in_its_place(tree: Path) -> None:
    build_web.build(tree)
    (tree / "dashboards" / "web" / "src" / "main.ts").write_text("start(")
    FakeNode.fails = True

    with pytest.raises(subprocess.CalledProcessError):
        build_web.build(tree)

    assert (tree / "dashboards" / "static" / "index.html").read_text() == "build 1"


def test_what_is_only_for_developers_does_not_count(tree: Path) -> None:
    build_web.build(tree)
    for name in ("dev", "node_modules"):
        folder = tree / "dashboards" / "web" / name
        folder.mkdir(exist_ok=True)
        (folder / "anything.js").write_text("")

    assert build_web.build(tree) is False


def test_a_finished_build_without_sources_is_used_as_it_is(tmp_path: Path) -> None:
    static = tmp_path / "dashboards" / "static"
    static.mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html>")

    assert build_web.build(tmp_path) is False


def test_neither_sources_nor_a_build_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "dashboards").mkdir()

    with pytest.raises(build_web.CannotBuild):
        build_web.build(tmp_path)
