"""Memory that is there, by the machine, limits of the process and control groups."""

from __future__ import annotations

import resource
import sys

import pytest

from pottsfold import memory
from pottsfold.errors import MemoryShort

GIB = 2**30


def v1_group(folder, limit, used, spare=0):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.limit_in_bytes").write_text(f"{limit}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"cache 5\ntotal_inactive_file {spare}\n")


def v2_group(folder, limit, used, spare=0, high="max"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.high").write_text(f"{high}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {spare}\n")


def process_in(tmp_path, groups, mounts):
    folder = tmp_path / "self"
    folder.mkdir()
    (folder / "cgroup").write_text("".join(f"{line}\n" for line in groups))
    (folder / "mountinfo").write_text("".join(f"{line}\n" for line in mounts))
    return folder


def v2_mount(top, root="/"):
    return f"31 23 0:28 {root} {top} rw,nosuid shared:9 - cgroup2 cgroup2 rw"


def test_a_batch_jobs_limit_above_its_steps_counts(tmp_path):
    top = tmp_path / "cgroup"
    v2_group(top, "max", 0)
    v2_group(top / "slurm/job_7", 4 * GIB, 1 * GIB)
    v2_group(top / "slurm/job_7/step_0", "max", 1 * GIB)
    process = process_in(tmp_path, ["0::/slurm/job_7/step_0"], [v2_mount(top)])
    assert memory._control_group_rooms(process) == [3 * GIB]


def test_the_strictest_of_nested_groups_is_among_those_found(tmp_path):
    top = tmp_path / "cgroup"
    v2_group(top / "a", 10 * GIB, 2 * GIB, high=7 * GIB)
    v2_group(top / "a/b", 3 * GIB, 1 * GIB, spare=GIB // 2)
    process = process_in(tmp_path, ["0::/a/b"], [v2_mount(top)])
    assert sorted(memory._control_group_rooms(process)) == [
        2 * GIB + GIB // 2,
        5 * GIB,
        8 * GIB,
    ]


def test_groups_of_version_1_are_found_by_their_controller(tmp_path):
    top = tmp_path / "memory"
    v1_group(top, 2**63 - 4096, 0)
    v1_group(top / "batch/job", 2 * GIB, GIB, spare=GIB // 4)
    mounts = [
        f"32 31 0:29 / {tmp_path / 'cpu'} rw - cgroup cgroup rw,cpu",
        f"35 31 0:32 / {top} rw,relatime - cgroup cgroup rw,memory",
    ]
    groups = ["5:cpu,cpuacct:/other", "4:memory:/batch/job", "0::/"]
    process = process_in(tmp_path, groups, mounts)
    assert min(memory._control_group_rooms(process)) == GIB + GIB // 4


def test_a_container_sees_its_own_group_at_the_mount(tmp_path):
    top = tmp_path / "memory"
    v1_group(top, 2 * GIB, GIB)
    mount = f"35 31 0:32 /docker/abc {top} rw - cgroup cgroup rw,memory"
    process = process_in(tmp_path, ["4:memory:/docker/abc"], [mount])
    assert memory._control_group_rooms(process) == [GIB]


@pytest.mark.parametrize("text", ["", "nonsense\n", "0::/gone\n"])
def test_without_readable_groups_there_is_no_limit(tmp_path, text):
    process = process_in(tmp_path, [], [v2_mount(tmp_path / "none")])
    (process / "cgroup").write_text(text)
    assert memory._control_group_rooms(process) == []
    assert memory._control_group_rooms(tmp_path / "absent") == []


def test_limits_of_the_process_leave_room_for_what_libraries_map(monkeypatch):
    import psutil

    used = psutil.Process().memory_info()
    limits = {resource.RLIMIT_AS: used.vms + 2 * GIB}
    monkeypatch.setattr(
        resource,
        "getrlimit",
        lambda kind: (limits.get(kind, resource.RLIM_INFINITY),) * 2,
    )
    found = memory.available_memory()
    assert GIB // 4 < found < 2 * GIB - memory.SPACE_OF_LIBRARIES
    limits[resource.RLIMIT_AS] = used.vms
    assert memory.available_memory() == 0
    del limits[resource.RLIMIT_AS]
    limits[resource.RLIMIT_DATA] = used.data + GIB // 2
    assert memory.available_memory() < GIB


def test_too_little_address_space_to_start_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "_limit", lambda _name: None)
    memory.check_address_space()
    monkeypatch.setattr(memory, "_limit", lambda _name: 2**28)
    with pytest.raises(MemoryShort, match=r"ulimit -v"):
        memory.check_address_space()


def test_the_planned_peak_counts_what_the_process_holds(monkeypatch):
    monkeypatch.setattr(memory, "_peak_so_far", lambda: 0)
    monkeypatch.setitem(sys.modules, "numba", sys)  # as if the compiler were loaded
    held = bytearray(200 * memory.MIB)
    held[::4096] = b"1" * len(held[::4096])
    with_it = memory.peak_memory(0)
    del held
    assert with_it - memory.peak_memory(0) > 150 * memory.MIB
    without = memory.peak_memory(0)
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    assert memory.peak_memory(GIB) - without > GIB + memory.COMPILER / 2


def test_bytes_are_told_in_gib():
    assert memory.in_gib(3 * 2**29) == "1.50 GiB"


def test_the_planned_peak_is_no_less_than_what_was_held_before(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", sys)  # as if the compiler were loaded
    held = bytearray(200 * memory.MIB)
    held[::4096] = b"1" * len(held[::4096])
    with_it = memory.peak_memory(0)
    del held
    # The system counts pages a little late.
    assert memory.peak_memory(0) > with_it - 20 * memory.MIB
