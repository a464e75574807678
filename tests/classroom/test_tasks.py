"""check, hint and solution; and the wire form that every observation crosses."""

import json
import linecache
import math
import random
import struct

import numpy as np
import pytest
import torch
from attempts import SECRET, attempt, judged
from torch import nn

from course_lib.classroom import check, hint, progress, solution
from course_lib.classroom.tasks.checking import probe_all, solution_code
from course_lib.classroom.tasks.observation import (
    LIMIT_BYTES,
    STUB,
    Observation,
    decode,
    encode,
    observe,
    plain,
)
from course_lib.classroom.tasks.task import Case, Task, failed, find_task, near, passed
from course_lib.classroom.tasks.verdicts import judge_all, judge_wires
from course_lib.errors import ContentError, InputError, NotHereError, WireError


def found_of_the_ill(says, ill):
    raise NotImplementedError(STUB)


def test_an_untouched_stub_is_not_attempted(capsys):
    assert check(found_of_the_ill) == 0.0
    said = capsys.readouterr().out
    assert "Not attempted" in said
    assert "hint(found_of_the_ill)" in said


def test_a_verdict_in_a_terminal_names_what_was_seen_and_expected(capsys):
    namespace = {"__name__": "__main__", "check": check}
    exec("def found_of_the_ill(says, ill): return sum(says) * 100\nresult = check(found_of_the_ill)", namespace)
    assert namespace["result"] == 0.0
    said = capsys.readouterr().out
    assert said.startswith("✗ Not yet: found_of_the_ill")
    assert "Expected 0." in said
    assert "<" not in said


def test_a_right_answer_earns_its_points_and_is_recorded(capsys):
    answer = attempt("found_of_the_ill", "sklearn").answer()
    assert check(answer) == 2.0
    assert repr(check(answer)) == "2.0"  # nbgrader reads this text, and gives full points for what is no number
    assert "Passed" in capsys.readouterr().out
    kinds = [e["kind"] for e in progress.events() if e["name"] == "found_of_the_ill"]
    assert kinds == ["checked", "passed"] * 2


def test_hints_begin_with_the_one_that_fits_and_end_with_the_solution(capsys):
    wrong = attempt("evaluation_mode", "no finally").answer()
    check(wrong)
    capsys.readouterr()
    task = find_task("evaluation_mode")
    given = []
    for _ in task.hints:
        hint("evaluation_mode")
        given.append(capsys.readouterr().out)
    assert "`finally`".strip("`") in given[0]
    assert len(set(given)) == len(task.hints)
    assert "solution(evaluation_mode)" in given[-1]


def test_the_solution_is_the_exercise_s_own_cell(capsys):
    solution("predict")
    said = capsys.readouterr().out
    assert "def predict(" in said
    assert "BEGIN SOLUTION" not in said


def test_a_copy_without_sources_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr("course_lib.classroom.tasks.checking.ROOMS", tmp_path / "course_lib" / "lessons")
    with pytest.raises(NotHereError, match="not part of this copy"):
        solution_code("predict")


def test_an_answer_under_another_name_gets_a_clear_error():
    with pytest.raises(InputError, match="Give your function the name"):
        check(lambda says, ill: 1)
    with pytest.raises(InputError, match="No task is called 'nonsense'"):
        hint("nonsense")


def test_a_decorated_answer_is_found_by_its_variable():
    code = "from torch import no_grad\ndef forward(says, ill): return 0\nfound_of_the_ill = forward\nresult = check(found_of_the_ill)"
    namespace = {"check": check}
    exec(code, namespace)
    assert namespace["result"] == 0.0


def test_checking_leaves_every_rng_and_the_grad_mode_alone():
    answer = attempt("predict", "modes by hand").answer()
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    with torch.no_grad():
        check(answer)
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()
    assert random.getstate() == before[2]


def test_while_grading_observations_are_handed_out_and_nothing_is_judged(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_GRADING_SECRET", SECRET)
    answer = attempt("predict", "modes by hand").answer()
    assert check(answer) is None
    assert capsys.readouterr().out.strip() == "Recorded for grading."
    assert progress.events() == []


def test_graded_cases_differ_from_visible_ones_and_repeat_for_one_secret():
    task = find_task("predict")
    visible, graded = task.cases(), task.cases(SECRET)
    assert {c.name for c in visible} < {c.name for c in graded}
    assert not {c.seed for c in visible} & {c.seed for c in graded}
    assert task.cases(SECRET) == graded != task.cases("another")


class Double(Task):
    """Twice the number."""

    visible = {"two": {"x": 2}, "three": {"x": 3}}
    hints = {"times": "Multiply."}

    def probe(self, answer, case):
        return observe(answer, case.x)

    def judge(self, seen, case):
        return passed() if seen.value == 2 * case.x else failed(f"got {seen.value}")


def test_nothing_is_earned_unless_the_first_case_is_right():
    assert judged(Double(), lambda x: 2 * x).share == 1
    assert judged(Double(), lambda x: 4).share == 0.5  # right in the ordinary case only
    assert judged(Double(), lambda x: 6).share == 0  # right in the other one only


def test_a_run_that_ended_early_is_never_full_marks():
    task = Double()
    wires = probe_all(task, lambda x: 2 * x)
    result = judge_all(task, task.cases(), [decode(wires[0])])
    assert result.share == 0.5
    assert result.verdict.outcome == "failed"
    assert judge_all(task, task.cases(), []).share == 0


VALUES = [
    None, True, 3, 2.5, float("nan"), float("inf"), "text", [1, [2.0, "x"]], {"a": {"b": 1}, "tensor": 5, "dict": {}},
    torch.arange(6).reshape(2, 3), torch.rand(3).to(torch.bfloat16), torch.zeros(0), {"deep": [torch.ones(2), None]},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=[f"{type(v).__name__}-{i}" for i, v in enumerate(VALUES)])
def test_the_wire_brings_every_plain_value_back(value):
    seen = Observation(plain(value), "x", "", True, {"also": plain(value)})
    back = decode(encode(seen))

    def same(a, b):
        if isinstance(a, torch.Tensor):
            return a.dtype == b.dtype and torch.equal(a, b)
        if isinstance(a, list | dict) and type(a) is type(b):
            keys = range(len(a)) if isinstance(a, list) else a
            return len(a) == len(b) and all(same(a[k], b[k]) for k in keys)
        return a == b or (a != a and b != b)

    assert same(seen.value, back.value)
    assert same(seen.also["also"], back.also["also"])


def test_what_has_no_plain_form_is_described():
    assert plain((1, 2)) == [1, 2]
    assert plain(np.float64(2)) == 2.0
    assert type(plain(np.float64(2))) is float
    assert torch.equal(plain(np.arange(3)), torch.arange(3))
    assert plain(nn.ReLU()) == {"object": "torch.nn.modules.activation.ReLU", "text": "ReLU()"}
    assert plain(torch.ones(2, device="meta"))["object"] == "Tensor"
    assert plain(torch.ones(2, requires_grad=True)).requires_grad is False
    loop = []
    loop.append(loop)
    assert "object" in json.dumps(plain(loop))


def test_a_learner_s_repr_that_raises_is_survived():
    class Rude:
        def __repr__(self):
            raise RuntimeError("no")

    assert "raised RuntimeError" in plain(Rude())["text"]


GOOD = encode(Observation(torch.ones(3), "Tensor"))


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"\x00" * 7,
        GOOD[:-3],
        GOOD[:20],
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 2) + b"[]" + GOOD[-50:],
        b"\x80\x04\x95\x00cos\nsystem\n",
        GOOD + b"\x00" * LIMIT_BYTES,
        struct.pack("<Q", 60000) + b"[" * 60000,
    ],
    ids=lambda wire: f"{len(wire)} bytes",
)
def test_forged_bytes_are_refused_and_run_nothing(wire):
    with pytest.raises(WireError, match="counts as nothing seen"):
        decode(wire)


def test_an_exit_or_an_exception_of_the_learner_is_recorded():
    def leaves():
        raise SystemExit(3)

    assert observe(leaves).error == "SystemExit: 3"
    assert observe(lambda: {}["x"]).error_type == "KeyError"
    # torch raises NotImplementedError too: only the stub's own text means "not attempted"
    assert observe(lambda: torch.ones(1, device="meta").cpu()).attempted


def test_an_empty_body_is_not_attempted_and_a_constant_is():
    def nothing(x):
        """Only a docstring."""

    def three(x):
        return 3

    assert judged(Double(), nothing).verdict.outcome == "not attempted"
    assert judged(Double(), three).verdict.outcome == "failed"


def test_near_is_strict_about_kinds():
    assert near(torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")]))
    assert not near(torch.ones(2), torch.ones(1, 2))
    assert not near("1", 1)
    assert near(torch.tensor(0.5), 0.5)


def test_a_case_says_which_setting_is_missing():
    with pytest.raises(AttributeError, match="Case 'x' has no setting 'n'"):
        _ = Case("x", 1, {}).n


def test_a_setting_does_not_hide_what_a_case_has_of_its_own():
    assert Case("x", 1, {"rows": 2}).rows == 2
    with pytest.raises(ContentError, match="the case's own; give the setting another name"):
        Case("x", 1, {"name": "run"})


def ask(code, name="found_of_the_ill", **more):
    """Check an answer as it is typed in a notebook, with the lines where a notebook keeps them."""
    namespace = {"__name__": "__main__"}
    filename = f"<cell {len(linecache.cache)}>"
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    exec(compile(code, filename, "exec"), namespace)
    return check(namespace[name], **more)


def test_a_verdict_on_an_error_names_the_learner_s_own_line(capsys):
    ask("def deeper(ill):\n    return ill['x']\n\ndef found_of_the_ill(says, ill):\n    return deeper(ill)\n")
    said = capsys.readouterr().out
    assert "It raised TypeError: list indices must be integers" in said
    assert "Raised in line 2 of your cell, in deeper: return ill['x']." in said


def test_a_forgotten_return_is_asked_for(capsys):
    ask("def found_of_the_ill(says, ill):\n    share = 1\n")
    assert "got None. Is a return missing?" in capsys.readouterr().out


def test_a_case_is_tried_alone_and_lets_the_error_through(capsys):
    with pytest.raises(ZeroDivisionError) as raised:
        ask("def found_of_the_ill(says, ill):\n    return 1 / 0\n", case="nobody is ill")
    assert raised.traceback[-1].lineno == 1
    assert "patients = 0" in capsys.readouterr().out
    assert ask("def found_of_the_ill(says, ill):\n    return 1 / 0\n") == 0  # and only then
    capsys.readouterr()
    assert ask("def found_of_the_ill(says, ill):\n    return 0.0\n", case="nobody is ill") is None
    assert "expected nan" in capsys.readouterr().out
    with pytest.raises(InputError, match=r"no case 'other' here\. Its cases are: 'ten patients', 'nobody is ill'"):
        check("found_of_the_ill", case="other")


def test_an_interrupt_stops_without_a_verdict_and_without_a_traceback(capsys):
    assert ask("def found_of_the_ill(says, ill):\n    raise KeyboardInterrupt\n") is None
    assert "Stopped before there was a verdict" in capsys.readouterr().out
    assert not [e for e in progress.events() if e["kind"] == "checked"]


def test_points_stand_in_the_verdict_and_in_the_log(capsys):
    ask("def found_of_the_ill(says, ill):\n    return 0.0\n")
    assert "found_of_the_ill, 0 of 2 points" in capsys.readouterr().out
    checked = [e for e in progress.events() if e["kind"] == "checked"]
    assert (checked[-1]["earned"], checked[-1]["of"]) == (0, 2)


def test_after_the_last_hint_it_says_that_they_begin_again(capsys):
    for _ in find_task("stays_random").hints:
        hint("stays_random")
    assert "seen them all" not in capsys.readouterr().out
    hint("stays_random")
    assert "seen them all" in capsys.readouterr().out


class Careless(Task):
    """A judge that trusts what it is given, and a probe that trusts the answer."""

    visible = {"one": {}}
    hints = {"none": "There is none."}

    def probe(self, answer, case):
        return observe(answer, also={"length": lambda: len(answer.things)})

    def judge(self, seen, case):
        return passed() if math.exp(seen.value["a"][0]) * seen.also["length"] > 0 else failed("no")


FORGED = [None, 1e9, 10**400, [], {"a": []}, {"a": ["x"]}, {"a": [10**5]}, torch.ones(2), "text", {"a": {}}]


@pytest.mark.parametrize("value", FORGED, ids=repr)
def test_a_judge_that_raises_fails_the_answer_and_nothing_else(value):
    task = Careless()
    result = judge_all(task, task.cases(), [Observation(value=value, type="x", also={"length": 1})])
    assert result.verdict.outcome == "failed"
    assert "can't be judged" in result.verdict.message
    assert judge_all(task, task.cases(), [Observation(error="KeyError: 3")]).verdict.outcome == "failed"
    assert judged(task, lambda: 1).verdict.outcome == "failed"  # the probe itself can't look at this answer


def test_no_honest_value_breaks_a_check(capsys):
    for value in ("10**400", "10**5000", "float('inf')", "'x' * 10**7", "[0] * 3_000_000", "type", "2j", "b'x'"):
        assert ask(f"def found_of_the_ill(says, ill):\n    return {value}\n") == 0
        assert "Not yet" in capsys.readouterr().out


@pytest.mark.parametrize("wire", [b"", GOOD[:20], GOOD + b"\x00" * LIMIT_BYTES], ids=len)
def test_bytes_that_are_no_observation_fail_their_case(wire):
    task = Careless()
    assert judge_wires(task, [wire]).verdict.message.startswith("What came back can't be judged.")
