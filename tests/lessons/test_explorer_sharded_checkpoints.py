"""Lesson 14's explorer, trace and processes: the rule is DTensor's own, the trace is a real run, nobody is left behind."""

import itertools
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import pytest
import torch
import torch.distributed as dist
from torch import nn

from course_lib.lessons.sharded_checkpoints import ask, resharding, together, trace_shards
from course_lib.lessons.sharded_checkpoints.cutting import plan, rows_held, shard
from course_lib.lessons.sharded_checkpoints.explorer import ReshardingState
from course_lib.lessons.sharded_checkpoints.processes import RankError

ALL = list(itertools.product((1, 4, 7, 16), (1, 2, 5), (1, 3, 4)))


def lengths(sizes):
    layers = [nn.Linear(2, rows) for rows in sizes]
    for layer in layers:
        shard(layer)
    return [len(layer.weight.to_local()) for layer in layers]


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_the_cut_is_the_one_that_fully_shard_makes(ranks):
    sizes = [1, 2, 3, 4, 5, 7, 9, 10, 16]
    here = together(ranks, lengths, sizes)
    for place, rows in enumerate(sizes):
        assert [b - a for a, b in rows_held(rows, ranks)] == [each[place] for each in here]


@pytest.mark.parametrize(("rows", "ranks"), list(itertools.product(range(1, 17), range(1, 6))))
def test_the_cut_is_torch_chunks(rows, ranks):
    chunks = [len(part) for part in torch.arange(rows).chunk(ranks)]
    held = rows_held(rows, ranks)
    assert [b - a for a, b in held] == chunks + [0] * (ranks - len(chunks))
    assert all(0 <= a <= b <= rows for a, b in held)


@pytest.mark.parametrize(("rows", "before", "after"), ALL)
def test_every_row_is_read_once_from_who_has_it(rows, before, after):
    old, new = rows_held(rows, before), rows_held(rows, after)
    for (start, stop), parts in zip(new, plan(old, new), strict=True):
        assert [row for _, a, b in parts for row in range(a, b)] == list(range(start, stop))
        assert all(old[holder][0] <= a < b <= old[holder][1] for holder, a, b in parts)


@pytest.mark.parametrize("state", [ReshardingState(*each) for each in ALL], ids=str)
def test_every_state_has_a_picture_and_words_that_agree(state):
    drawn = [e.text for e in ET.fromstring(state.svg()).iter() if e.text]
    text = state.text()
    assert state.verdict() in drawn
    assert state.verdict() in text
    assert sum(word.startswith("__") for word in drawn) == sum(a < b for a, b in state.held[0])
    assert len(re.findall(r"rank \d reads", text)) == state.after
    assert state.svg().count("<polygon") == sum(state.files_read)


def test_what_the_lesson_asks_to_find():
    assert max(ReshardingState(8, 4, 4).files_read) == 1
    assert 0 in ReshardingState(4, 2, 3).files_read
    assert "nothing to read" in ReshardingState(4, 2, 3).text()


def test_every_control_moves_the_words():
    board = resharding()
    seen = {repr(board)}
    for change in ({"rows": 7}, {"before": 3}, {"after": 1}):
        board.set(**change)
        seen.add(repr(board))
    assert len(seen) == 4


@pytest.fixture(scope="module")
def stages():
    return trace_shards().stages


def rows(stage):
    """The table of a stage, read back from its plain text."""
    return [re.split(" {2,}", line)[1:] for line in stage.picture_text.splitlines()[1:]]


def test_two_hold_two_write_and_rank_0_says_where(stages):
    assert rows(stages[0]) == [["5", "0 1 2 3 4"], ["5", "5 6 7 8 9"]]
    assert [(row[0], row[-1]) for row in rows(stages[1])] == [
        ("__0_0.distcp", "0 1 2 3 4"),
        ("__1_0.distcp", "5 6 7 8 9"),
    ]
    assert [row[:3] for row in rows(stages[2])] == [["0", "5", "__0_0.distcp"], ["5", "5", "__1_0.distcp"]]


def test_three_read_by_the_plan(stages):
    expected = [
        [str(rank), f"__{old}_0.distcp", f"{a}-{b - 1}", str(a - rows_held(10, 3)[rank][0])]
        for rank, parts in enumerate(plan(rows_held(10, 2), rows_held(10, 3)))
        for old, a, b in parts
    ]
    assert sorted(rows(stages[4])) == expected
    assert "4 reads. Rank 1 reads from two files" in stages[4].comes_out
    assert [after for _, after in rows(stages[5])] == ["0 1 2 3", "4 5 6 7", "8 9"]
    assert "Rows 0 1 2 3 4 5 6 7 8 9, in this order: the whole weight" in stages[5].comes_out


# --- the processes -----------------------------------------------------------------------------------------------


def rank_and_size():
    return dist.get_rank(), dist.get_world_size(), os.getpid()


def only_rank_0():
    if dist.get_rank() == 0:
        dist.barrier()
    return "went on"


def hang():
    while dist.get_rank() == 1:
        time.sleep(0.1)


def fail():
    if dist.get_rank() == 1:
        raise ValueError("no")


def die():
    os._exit(3)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_ranks_meet_and_are_gone_afterwards():
    answers = together(3, rank_and_size)
    assert [(rank, size) for rank, size, _ in answers] == [(0, 3), (1, 3), (2, 3)]
    assert len({pid for *_, pid in answers} | {os.getpid()}) == 4


def test_who_waits_in_vain_gives_up():
    together(1, rank_and_size)  # so that they have been started
    begin = time.monotonic()
    answers = ask(2, only_rank_0, patience=1)
    assert answers[0].waited_in_vain
    assert answers[1].value == "went on"
    assert time.monotonic() - begin < 10


def test_who_never_comes_back_is_ended_and_the_next_call_works():
    answers = ask(2, hang, deadline=2)
    assert "never came back" in answers[1].error
    assert not answers[0].error
    assert [rank for rank, *_ in together(2, rank_and_size)] == [0, 1]
    assert "died (3)" in ask(1, die)[0].error
    with pytest.raises(RankError, match="Rank 1 of 2 raised ValueError: no"):
        together(2, fail)
    with pytest.raises(RankError, match="can't be sent"):
        together(1, lambda: sys.stdin)


@pytest.mark.skipif(os.name != "posix", reason="Windows deletes no folder that somebody is in")
def test_a_working_folder_that_was_deleted_is_no_obstacle(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert [rank for rank, *_ in together(2, rank_and_size)] == [0, 1]


def test_a_function_of_a_notebook_and_what_it_uses_travel():
    names = {"__name__": "__main__"}
    exec("import torch\nfactor = 3\ndef helper(x): return factor * x\ndef f(x): return helper(torch.tensor(x))", names)
    assert together(2, names["f"], 2) == [6, 6]


@pytest.mark.skipif(os.name != "posix", reason="asks for a process by its number")
def test_no_process_outlives_its_parent():
    code = (
        "import os, time\n"
        "from course_lib.lessons.sharded_checkpoints import together\n"
        "from course_lib.lessons.sharded_checkpoints.processes import _crews\n"
        "def f(): return 1\n"
        "together(2, f)\n"
        "print(*[process.pid for process in _crews[0].processes], flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    pids = [int(word) for word in done.stdout.split()]
    assert pids
    end = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, pids))
    assert done.stderr == ""
