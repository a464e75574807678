"""Banks: what a good one holds, the message for each mistake of an author, and the proofs."""

import os
import random
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib.classroom.quizzes import bank as banks
from course_lib.classroom.quizzes.bank import bank_slugs, key, load_bank, prove, run
from course_lib.errors import ContentError, InputError
from course_lib.syllabus import ROOMS

EXAMPLE = Path(__file__).parent / "data" / "example_bank.yaml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def test_the_example_has_every_kind_and_all_its_claims_are_true():
    bank = load_bank(EXAMPLE)
    assert sorted(q.kind for q in bank.questions) == sorted(["one", "several", "prints", "bug_line", "order", "number"])
    prove_all(EXAMPLE)
    assert [key(q) for q in bank.questions] == [0, {0, 1}, 1, 1, (0, 1, 2), 0.2]
    assert bank.cards[0].front == "What does `model.eval()` change?"


GRADED = sorted((ROOMS.parents[1] / "lessons").glob("*/graded_quiz.yaml"))


@pytest.mark.parametrize("name", [*bank_slugs(), *GRADED], ids=lambda n: n if isinstance(n, str) else n.parent.name)
def test_every_bank_of_the_course_is_true(name):
    bank = load_bank(name)
    assert bank.questions
    assert bool(bank.cards) == (name not in GRADED)
    prove_all(name)


def prove_all(name):
    bank = load_bank(name)
    for item in (*bank.questions, *bank.cards):
        prove(item)


def broken(tmp_path, old, new, *, count=1):
    """The example with one change, loaded: the message, without the folder."""
    assert TEXT.count(old) >= 1, f"the example has no {old!r}"
    path = tmp_path / "quizzes" / "eval_mode.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(TEXT.replace(old, new, count), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        prove_all(path)
    return str(caught.value)


def line_of(text, old):
    return text[: text.index(old)].count("\n") + 1


def test_a_missing_explanation_is_named_by_file_line_question_and_option(tmp_path):
    old = "        why: It has no state and doesn't look at the flag.\n"
    line = line_of(TEXT, old) - 1  # the option begins one line above
    assert broken(tmp_path, old, "") == (
        f"quizzes/eval_mode.yaml, line {line}, question 'what-reads-training': option 4 has no 'why'. "
        "Every option explains itself: add a line 'why: ...'."
    )


CARD_PROOF = TEXT[TEXT.rindex("    proof: |") :]
MISTAKES = [
    ("    level: easy\n", "", "has no 'level'. Add a line 'level: ...'."),
    ("level: easy", "level: simple", "has level 'simple'; expected easy or medium or hard."),
    ("kind: one", "kind: single", "has kind 'single'; expected one or several or prints"),
    ("    kind: one\n", "", "question 'eval-leaves-grad-on': has no 'kind'"),
    ("    hint:", "    hnt:", "has an unknown key 'hnt'. Did you mean 'hint'?"),
    ("    about: Two switches\n", "", "has no 'about'. Name the heading of the lesson to read again"),
    ("    source: torch.nn.Module.eval, documentation\n", "", "has no 'source'. Say where the fact comes from"),
    ("about: Two switches", "about: Two switches # really", "has a '#' in 'about', where YAML drops the rest"),
    ("about: Two switches", "about:", "has an empty 'about'"),
    ("about: Two switches", "about: [Two, switches]", "has something else than text in 'about'"),
    ("about: Two switches", "about: Two: switches", "is not YAML (mapping values are not allowed"),
    ("    level: easy\n", "    level: easy\n    level: easy\n", "has 'level' twice. Keep one."),
    ("id: what-reads-training", "id: dropout-scales", "has an id that is taken. Give it its own"),
    ("id: dropout-rescales", "id: eval-sets-a-flag", "card 'eval-sets-a-flag': has an id that is taken"),
    ("    back: \"By 1", "    bck: \"By 1", "card 'dropout-rescales': has no 'back'"),
    (CARD_PROOF, "", "card 'dropout-rescales': needs one of 'proof: |' (Python that asserts the claim) and 'no_proof"),
    (CARD_PROOF, CARD_PROOF + "    no_proof: tired\n", "card 'dropout-rescales': needs one of 'proof: |'"),
    (CARD_PROOF, "    proof: print(1)\n", "card 'dropout-rescales': has a proof that asserts nothing"),
    ("        mistake: taking eval() for no_grad()\n", "", "option 2 has no 'mistake'. Name the mistake"),
    ("        right: true\n", "", "has 0 right options; expected one"),
    ("        right: true\n", "        right: yes\n", "option 1 has right 'yes'; expected true or false."),
    ("        right: true\n", "        right: true\n        mistake: none\n", "is right and names a mistake"),
    ('"`nn.LayerNorm(4)`"', '"`nn.ReLU()`"', "has two options with the same text"),
    ("text: \"[0.0, 1.25]\"\n", "text: \"[0.0, 1.25]\"\n        right: true\n", "has a typed 'right'. Take it out"),
    ("        mistake: scaling in the wrong direction\n", "", "has two options without a 'mistake'"),
    ("    proof: |", "    no_proof: tired\n    proof: |", "needs one of 'proof: |'"),
    ("      assert differs(nn.Dropout", "      print(differs(nn.Dropout", "has a proof that is not Python (its line 6"),
    ("order: [2, 1, 3]", "order: [1, 0, 2]", "mistake 1 has the order [1, 0, 2]; expected each of 1 to 3 once"),
    ("order: [2, 1, 3]", "order: [1, 2, 3]", "mistake 1 is an order that is right"),
    ("      - model.eval()\n", "", "has 2 lines; expected 3 to 6"),
    ("answer: 0.2", "answer: 1/5", "has answer '1/5'; expected a number such as 0.5 or 1e-3."),
    ("tolerance: 0.001", "tolerance: -1", "has a negative tolerance"),
    ("tolerance: 0.001", "tolerance: 1.7", "mistake 1 is within the tolerance of the right answer"),
    ("    mended: model[0].train()\n", "", "has no 'mended'"),
    ("questions:\n", "questions: none\nrest:\n", "the bank: has no list under 'questions'"),
    # claims that are false, found by running them
    ("== {0.0, 1.25}", "== {0.0, 1.0}", "card 'dropout-rescales': the proof ends with AssertionError (in `assert set("),
    ("model(torch.ones(1, 2)).requires_grad", "model(torch.ones(1, 2)).is_leaf", "the proof ends with AssertionError"),
    ("nn.Dropout(0.2)", "nn.Dropout(0.5)", "the program prints '[0.0, 2.0]', which is none of the options"),
    ("Dropout(0.2)", "Drop(0.2)", "the program ends with AttributeError"),
    ("print(sorted(set(dropout(torch.ones(1000)).tolist())))", "print(id(object()))", "which is none of the options"),
    ("dropout = torch.nn.Dropout(0.2)", "dropout = torch.nn.Dropout(0.2).eval()",
     "option 2 is wrong and names no 'mistake'"),
    ("mended: model[0].train()", "mended: model.train(True)", "with the line mended the program does the same: '1'"),
    ("mended: model[0].train()", "mended: model[7].train()", "the mended program ends with IndexError"),
    ("    mended:", "    raises: ValueError\n    mended:", "gives '1', but the bank says 'raises: ValueError'"),
    ("text: model.train()", "text: model.train(0, 0)", "gives TypeError: Module.train() takes from 1 to 2 positional"),
    ("print(torch.equal(first, second))", "print(1)", "the order [1, 3, 2] prints the same: '1'. Add it to 'also_right'"),
    ("    why: In eval mode", "    also_right:\n      - [2, 1, 3]\n    why: In eval mode",
     "an order that is right"),
    ("answer: 0.2", "answer: 0.9", "the program prints 0.2"),
    ("print(norm.running_mean.item())", "print(norm.running_mean)", "prints 'tensor([0.2000])'; expected one number"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES, ids=[m[2][:40] for m in MISTAKES])
def test_each_mistake_of_an_author_has_a_message_with_file_and_line(tmp_path, old, new, message):
    said = broken(tmp_path, old, new)
    assert message in said
    assert re.match(r"quizzes/eval_mode\.yaml, line \d+", said)


def test_all_mistakes_of_a_file_are_told_at_once_in_order(tmp_path):
    path = tmp_path / "bad.yaml"
    text = (
        TEXT.replace("level: easy", "level: simple")
        .replace("answer: 0.2", "answer: x")
        .replace("kind: one", "kind: on")
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load_bank(path)
    messages = str(caught.value).splitlines()
    assert [m.split("has ")[1].split(";")[0] for m in messages] == ["kind 'on'", "level 'simple'", "answer 'x'"]
    assert all("line " in m for m in messages)


def test_a_claim_that_no_program_can_prove_says_so_instead(tmp_path):
    start, end = TEXT.index("    proof: |"), TEXT.index("  # several:")
    path = tmp_path / "bank.yaml"
    text = TEXT[:start] + "    no_proof: it is a matter of taste\n" + TEXT[end:]
    path.write_text(text.replace(CARD_PROOF, "    no_proof: it takes a power cut\n"), encoding="utf-8")
    bank = load_bank(path)
    prove_all(path)
    assert bank.questions[0].no_proof == "it is a matter of taste"
    assert bank.cards[-1].no_proof == "it takes a power cut"


def test_values_are_taken_as_typed(tmp_path):
    path = tmp_path / "bank.yaml"
    path.write_text(TEXT.replace('"[1.0]"', "no").replace("about: Two switches", "about: 1e-5", 1), encoding="utf-8")
    bank = load_bank(path)
    assert bank.questions[2].options[2].text == "no"
    assert bank.questions[0].about == "1e-5"


def test_other_orders_that_work_are_right_when_the_bank_says_so(tmp_path):
    path = tmp_path / "bank.yaml"
    old = "      - model.eval()\n      - first"
    new = "      - model.eval()\n      - x = x + 0\n      - first"
    text = TEXT.replace(old, new).replace("order: [2, 1, 3]", "order: [2, 3, 1, 4]")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError, match=r"the order \[1, 3, 2, 4\] prints the same"):
        prove(load_bank(path).questions[4])
    text = text.replace(
        "    mistakes:\n      - order",
        "    also_right:\n      - [1, 3, 2, 4]\n      - [1, 3, 4, 2]\n      - [2, 1, 3, 4]\n    mistakes:\n      - order",
    )
    path.write_text(text, encoding="utf-8")
    prove(load_bank(path).questions[4])
    path.write_text(text.replace("[2, 1, 3, 4]", "[4, 1, 3, 2]"), encoding="utf-8")
    with pytest.raises(ContentError, match=r"the order \[2, 1, 3, 4\] prints the same"):
        prove(load_bank(path).questions[4])
    path.write_text(text.replace("- [2, 1, 3, 4]\n", "- [2, 1, 3, 4]\n      - [4, 1, 3, 2]\n"), encoding="utf-8")
    with pytest.raises(ContentError, match=r"\[4, 1, 3, 2\] is in 'also_right' and behaves differently"):
        prove(load_bank(path).questions[4])


def test_an_unknown_bank_names_the_known_ones():
    with pytest.raises(InputError, match=r"no question bank 'eval_moed'\. Banks here:"):
        load_bank("eval_moed")


def test_a_bank_is_named_after_its_lesson(tmp_path, monkeypatch):
    monkeypatch.setattr(banks, "ROOMS", tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "questions.yaml").write_text(TEXT, encoding="utf-8")
    with pytest.raises(ContentError, match="Write 'lesson: other'"):
        load_bank("other")


@pytest.mark.parametrize("right", [0, 1, 4])
def test_one_or_all_of_several_may_be_right_but_not_none(tmp_path, right):
    start = TEXT.index("  - id: what-reads-training")
    head, entry, tail = TEXT[:start], TEXT[start : TEXT.index("  # prints:")], TEXT[TEXT.index("  # prints:") :]
    options = entry.replace("        right: true\n", "").split("      - text: ")
    for i in range(1, right + 1):
        options[i] = re.sub(r"        mistake: .*\n", "", options[i]).replace(
            "        why:", "        right: true\n        why:"
        )
    for i in range(right + 1, 5):
        options[i] = re.sub(r"        mistake: .*\n", "", options[i]).replace(
            "        why:", "        mistake: so\n        why:"
        )
    *inside, last = options
    path = tmp_path / "bank.yaml"
    path.write_text(head + "      - text: ".join([*inside, last]) + tail)
    if right:
        question = next(q for q in load_bank(path).questions if q.id == "what-reads-training")
        assert len(key(question)) == right
    else:
        with pytest.raises(ContentError, match="no right option; expected one or more"):
            load_bank(path)


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n", "lesson: x\n"])
def test_a_file_that_is_no_bank_gets_a_message(tmp_path, text):
    path = tmp_path / "bank.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError, match="line 1"):
        load_bank(path)


def test_a_program_leaves_no_trace():
    random.seed(7), np.random.seed(7), torch.manual_seed(7)
    expected = random.random(), np.random.rand(), torch.rand(1).item()
    random.seed(7), np.random.seed(7), torch.manual_seed(7)
    folder, main = os.getcwd(), sys.modules["__main__"]
    ran = run(
        "import os, random, numpy, torch\n"
        "torch.rand(3); numpy.random.rand(3); random.random()\n"
        "torch.set_grad_enabled(False); torch.set_default_dtype(torch.float64)\n"
        "open('file', 'w').write('x'); os.chdir('/'); left_over = 1\n"
        "print('done')"
    )
    assert (ran.output, ran.error) == ("done", None)
    assert (random.random(), np.random.rand(), torch.rand(1).item()) == expected
    assert os.getcwd() == folder
    assert not Path("file").exists()
    assert sys.modules["__main__"] is main
    assert not hasattr(main, "left_over")
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() is torch.float32


def test_a_program_starts_from_a_known_state_whatever_the_notebook_did():
    code = (
        "import torch, random, numpy, os\n"
        "w = torch.ones(1, requires_grad=True)\n"
        "print((w * 2).requires_grad, w.dtype, torch.rand(1).item(), random.random(), numpy.random.rand(),"
        " os.listdir(), __name__)"
    )
    plain = run(code)
    torch.manual_seed(99)
    with torch.inference_mode():
        assert run(code) == plain
    with torch.no_grad():
        assert run(code) == plain
        assert not torch.is_grad_enabled()
    with torch.device("meta"):
        assert run(code) == plain
    assert plain.output.startswith("True torch.float32")
    assert plain.output.endswith("[] __main__")


def test_a_class_of_the_program_can_be_saved_and_loaded_whole():
    ran = run(
        "import torch\n"
        "class Net(torch.nn.Linear): pass\n"
        "torch.save(Net(1, 1), 'net.pt')\n"
        "print(type(torch.load('net.pt', weights_only=False)).__name__)"
    )
    assert (ran.output, ran.error) == ("Net", None)


def test_warnings_and_stderr_of_a_program_are_not_its_output(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ran = run("import sys, warnings\nwarnings.warn('careful')\nprint('bar', file=sys.stderr)\nprint('out')")
    assert (ran.output, ran.error) == ("out", None)
    assert capsys.readouterr() == ("", "")


def test_a_program_that_raises_or_exits_is_reported():
    assert isinstance(run("1 / 0").error, ZeroDivisionError)
    assert isinstance(run("import sys; sys.exit(3)").error, SystemExit)
    assert isinstance(run("if True").error, SyntaxError)


def test_an_error_names_the_line_of_the_program_that_led_to_it():
    ran = run("def divide(a):\n    return a / 0\nx = 1\ny = divide(x)\nprint(y)")
    assert str(ran) == "ZeroDivisionError: division by zero (in `y = divide(x)`)"
    assert str(run("assert 1 == 2")) == "AssertionError (in `assert 1 == 2`)"
    assert str(run("if True")).startswith("SyntaxError: ")
