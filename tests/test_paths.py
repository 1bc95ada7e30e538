"""Where things live."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from studytrack.errors import EnvironmentFault, UsageFault
from studytrack.paths import ensure, find_paths


def test_a_home_holds_everything(tmp_path) -> None:
    """Settings, database, state, cache and workspace below one folder; none is made."""
    paths = find_paths({}, tmp_path / "home")

    places = [paths.settings, paths.database, paths.state, paths.cache, paths.workspace]
    assert all(tmp_path / "home" in place.parents for place in [*places, paths.backups])
    assert not (tmp_path / "home").exists()


def test_the_option_wins_over_the_environment(tmp_path) -> None:
    """`--home` is nearer."""
    environ = {"STUDYTRACK_HOME": str(tmp_path / "a")}

    assert find_paths({}, tmp_path / "a") == find_paths(environ)
    assert find_paths({}, tmp_path / "b") == find_paths(environ, tmp_path / "b")


def test_a_relative_home_does_not_move_with_the_folder(tmp_path, monkeypatch) -> None:
    """It is made absolute at once."""
    monkeypatch.chdir(tmp_path)

    paths = find_paths({"STUDYTRACK_HOME": "here"})

    assert tmp_path / "here" / "data" == paths.data


def test_a_tilde_is_the_learner_s_home(tmp_path, monkeypatch) -> None:
    """Shells do not expand it in variables."""
    monkeypatch.setenv("HOME", str(tmp_path))

    assert tmp_path / "st" / "data" == find_paths({"STUDYTRACK_HOME": "~/st"}).data


def test_the_tilde_of_nobody_is_usage() -> None:
    """No traceback from the password file."""
    with pytest.raises(UsageFault, match="nobody-of-this-name"):
        find_paths({}, Path("~nobody-of-this-name/x"))


def test_without_a_home_the_system_s_places_are_taken(tmp_path, monkeypatch) -> None:
    """The workspace is a visible folder; an empty variable is none."""
    monkeypatch.setenv("HOME", str(tmp_path))

    paths = find_paths({"STUDYTRACK_HOME": ""})

    assert tmp_path / "studytrack" == paths.workspace
    assert all(tmp_path in place.parents for place in (paths.config, paths.data, paths.state))
    assert [] == list(tmp_path.iterdir())


def test_another_user_s_runtime_directory_is_passed_over(tmp_path, monkeypatch) -> None:
    """Ours then lies beside the learner's own files, and a sentence says why."""
    monkeypatch.setenv("HOME", str(tmp_path))

    def refuse(_: object) -> Path:
        raise PermissionError("runtime directory /tmp/runtime-1 is owned by uid 2, not 1")

    monkeypatch.setattr("platformdirs.PlatformDirs.user_runtime_path", property(refuse))
    paths = find_paths({})

    assert paths.state / "run" == paths.runtime
    assert "owned by uid 2" in paths.runtime_remark
    assert str(paths.runtime) in paths.runtime_remark


def test_no_home_directory_is_environment(monkeypatch) -> None:
    """Both ways on are named."""

    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)

    with pytest.raises(EnvironmentFault) as caught:
        find_paths({})

    assert "--home DIR" in caught.value.remedy


def test_ensure_makes_a_folder_once(tmp_path) -> None:
    """With its parents, and again without harm."""
    wanted = tmp_path / "a" / "b"

    assert wanted == ensure(wanted) == ensure(wanted)
    assert wanted.is_dir()


@pytest.mark.parametrize("place", ["file", "file/below", "file/far/below"])
def test_a_file_in_the_way_is_environment(tmp_path, place) -> None:
    """The path, the system's reason, another way."""
    (tmp_path / "file").write_text("")

    with pytest.raises(EnvironmentFault) as caught:
        ensure(tmp_path / place)

    assert str(tmp_path / place) in caught.value.what
    assert "The system says: " in caught.value.why


def test_a_relative_home_of_the_system_is_environment(monkeypatch) -> None:
    """Everything would lie elsewhere in each folder."""
    monkeypatch.setenv("HOME", "relative")

    with pytest.raises(EnvironmentFault, match=r"no absolute path|no home directory") as caught:
        find_paths({})

    assert "--home DIR" in caught.value.remedy


@pytest.mark.parametrize("name", ["user_config_path", "user_runtime_path"])
def test_a_user_whom_the_system_does_not_know_needs_a_home(monkeypatch, name) -> None:
    """Without an entry in the password file an odd $HOME leads nowhere."""
    monkeypatch.setenv("HOME", "odd")

    def unknown(_: object) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(f"platformdirs.PlatformDirs.{name}", property(unknown))

    with pytest.raises(EnvironmentFault, match="no home directory"):
        find_paths({})


@pytest.mark.parametrize("name", ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"])
def test_no_place_is_ever_relative(tmp_path, monkeypatch, name) -> None:
    """Such a variable is passed over, as its standard says, or refused."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(name, "relative")

    with contextlib.suppress(EnvironmentFault):
        found = find_paths({})
        assert all(place.is_absolute() for place in (found.data, found.config, found.state))


def test_a_relative_home_in_a_folder_that_is_gone_is_environment(tmp_path, monkeypatch) -> None:
    """The system cannot say where that would be."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    with pytest.raises(EnvironmentFault, match="leads nowhere"):
        find_paths({}, Path("home"))
