"""How much memory is free: of the machine, and of the control groups that hold this service."""

import pytest

from incsr.workers import room

MEMINFO = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    {} kB\n"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that says what the kernel tells: free kilobytes of 1000, and in which groups we are."""

    def said(available, groups=""):
        meminfo, group = tmp_path / "meminfo", tmp_path / "cgroup"
        meminfo.write_text(MEMINFO.format(available))
        group.write_text(groups)
        monkeypatch.setattr(room, "MEMINFO", meminfo)
        monkeypatch.setattr(room, "GROUP", group)
        monkeypatch.setattr(room, "GROUPS", tmp_path / "groups")

    return said


def test_on_a_machine_by_itself_its_memory_counts(machine):
    machine(400)

    assert room.free_part() == 0.4


def test_here_something_is_free():
    assert 0 < room.free_part() <= 1


def group(folder, limit, use, stat, names=("memory.max", "memory.current")):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(limit)
    (folder / names[1]).write_text(use)
    (folder / "memory.stat").write_text(stat)


def test_the_narrowest_of_the_groups_counts_and_files_that_were_read_are_free(machine, tmp_path):
    machine(900, "0::/system.slice/incsr.service\n")
    group(tmp_path / "groups/system.slice", "1000\n", "800\n", "anon 400\ninactive_file 100\n")
    group(tmp_path / "groups/system.slice/incsr.service", "max\n", "700\n", "inactive_file 50\n")

    assert room.free_part() == pytest.approx(0.3)


def test_the_limit_from_which_a_group_is_slowed_down_counts_too(machine, tmp_path):
    machine(900, "0::/a\n")
    group(tmp_path / "groups/a", "1000\n", "400\n", "")
    (tmp_path / "groups/a/memory.high").write_text("500\n")

    assert room.free_part() == pytest.approx(0.2)


def test_groups_of_the_first_version_are_read_too(machine, tmp_path):
    machine(900, "4:memory:/a\n2:cpu:/elsewhere\n0::/\n")
    names = "memory.limit_in_bytes", "memory.usage_in_bytes"
    group(tmp_path / "groups/memory/a", "1000\n", "800\n", "inactive_file 1\ntotal_inactive_file 50\n", names)

    assert room.free_part() == pytest.approx(0.25)


@pytest.mark.parametrize("groups", ["", "0::/gone\n", "4:memory:/../../x\n"])
def test_where_there_is_no_limit_the_machine_counts(machine, groups):
    machine(700, groups)

    assert room.free_part() == 0.7


def test_what_cannot_be_read_is_not_free(monkeypatch, tmp_path):
    monkeypatch.setattr(room, "MEMINFO", tmp_path / "none")

    assert room.free_part() == 0.0
