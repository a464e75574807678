"""What the grader makes of a cell's outputs, honest and forged, without a kernel."""

import base64
import contextlib

import pytest
import torch
from attempts import ROOT, SECRET, TASKS, attempt
from nbformat.v4 import new_output
from nbgrader.utils import determine_grade

from course_lib.classroom.grading import GradedExecute, judging
from course_lib.classroom.grading.judging import Judge
from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.marking import typed_key
from course_lib.classroom.tasks.checking import OBSERVATIONS_MIME, probe_all
from course_lib.classroom.tasks.observation import Observation, encode, plain
from course_lib.classroom.tasks.task import find_task
from course_lib.seeding import sealed


@pytest.fixture
def grader():
    return Judge(SECRET, ROOT / "lessons")


def score(grader, name, points, outputs):
    """What nbgrader itself reads from the judged outputs."""
    from nbformat.v4 import new_code_cell

    cell = new_code_cell(outputs=grader.outputs(name, points, outputs))
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "points": points, "grade_id": f"check-{name}"}
    return determine_grade(cell)[0]


def handed_out(task, what, secret=SECRET):
    answer = attempt(task, what).answer()
    wires = [base64.b64encode(w).decode() for w in probe_all(find_task(task), answer, secret)]
    return new_output("display_data", data={OBSERVATIONS_MIME: {"task": task, "wires": wires}})


def test_a_right_answer_gets_full_points_whatever_else_was_printed(grader):
    noise = [new_output("stream", name="stderr", text="UserWarning: stray"), new_output("stream", text="x" * 10**6)]
    assert score(grader, "predict", 5, [*noise, handed_out("predict", "modes by hand")]) == 5


@pytest.mark.parametrize(
    "outputs",
    [
        [],
        [new_output("execute_result", data={"text/plain": "5.0"})],
        [new_output("stream", text="5.0")],
        [new_output("error", ename="NameError", evalue="name 'predict' is not defined", traceback=[])],
        [new_output("display_data", data={OBSERVATIONS_MIME: {}})],
        [new_output("display_data", data={OBSERVATIONS_MIME: "5.0"})],
        [new_output("display_data", data={OBSERVATIONS_MIME: {"wires": ["@@@"]}})],
        [new_output("display_data", data={OBSERVATIONS_MIME: {"wires": [base64.b64encode(b"x" * 50).decode()]}})],
        [new_output("display_data", data={OBSERVATIONS_MIME: {"wires": []}})],
    ],
    ids=["nothing", "a number", "printed", "an error", "empty", "text", "no base64", "no observation", "no wires"],
)
def test_without_evidence_nothing_is_earned(grader, outputs):
    assert score(grader, "predict", 5, outputs) == 0


def test_observations_of_another_secret_earn_nothing(grader):
    assert score(grader, "predict", 5, [handed_out("predict", "modes by hand", "guessed")]) == 0


def test_observations_of_the_visible_cases_earn_nothing(grader):
    assert score(grader, "predict", 5, [handed_out("predict", "modes by hand", None)]) == 0


def test_the_quiz_is_marked_by_the_key_and_forgives_case_and_spaces(grader):
    def answers(**typed):
        return [new_output("display_data", data={OBSERVATIONS_MIME: {"quiz": "eval_mode", "answers": typed}})]

    assert score(grader, "quiz", 4, answers()) == 0
    bank = load_bank(ROOT / "lessons" / "01_eval_mode" / "graded_quiz.yaml")
    keys = {f"q{i}": typed_key(question) for i, question in enumerate(bank.questions, 1)}
    typed = {name: f" {key.lower().replace(', ', ' ,')} " for name, key in keys.items()}
    assert typed != keys
    assert score(grader, "quiz", 4, answers(**typed)) == 4
    # an answer in a list is an answer
    assert score(grader, "quiz", 4, answers(q1=keys["q1"], q2="nonsense", q3="A" * 10_000, q4=[keys["q4"]])) == 2


def test_the_secret_is_made_once_and_kept(tmp_path):
    path = tmp_path / "grading_secret.txt"
    first = GradedExecute(secret_file=str(path)).secret()
    assert len(first) >= 32
    assert GradedExecute(secret_file=str(path)).secret() == first
    assert path.stat().st_mode & 0o077 == 0


FORGED = [None, True, -1, 1e308, 10**400, "x", [], [[]], {}, {"a": {"object": "x"}}, torch.zeros(0), torch.ones(3, 3)]


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_forged_observations_never_raise_and_never_earn(task, grader):
    """Every judge, on observations that its probe would never make: strange values, and fields of the right names."""
    names = set()
    for case in task.cases(SECRET):
        with contextlib.suppress(Exception), sealed(case.seed):
            names |= task.probe(lambda *a, **k: None, case).also.keys()
    for value in FORGED:
        also = {name: plain(value) for name in names}
        seen = [
            Observation(plain(value), "forged", "", True, also),
            Observation(None, "forged", "E: x", True, also),
        ]
        for one in (*seen, Observation(plain(value), "forged")):
            wires = [base64.b64encode(encode(one)).decode()] * len(task.cases(SECRET))
            out = [new_output("display_data", data={OBSERVATIONS_MIME: {"task": task.name, "wires": wires}})]
            assert score(grader, task.name, 4, out) == 0


@pytest.mark.parametrize(
    ("written", "read"), [("0.375)", "0.375"), ("(b)", "b"), ("b, c)", "b, c"), ("torch.ones(2)", "torch.ones(2)")]
)
def test_a_bracket_that_nobody_opened_is_no_part_of_an_answer(written, read):
    assert judging._as_typed(written) == read


def test_where_nothing_is_seen_the_student_reads_what_happened(grader):
    judged = grader.task("predict", 5, [], ["Cell 8 was interrupted after 60 seconds."])
    assert judged.score == 0
    assert "Cell 8 was interrupted after 60 seconds." in judged.bundle["text/plain"]
    assert "Not attempted" not in judged.bundle["text/plain"]
