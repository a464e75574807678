"""The glossary: which texts use a term, and what an author is told of a bad entry."""

import re

import pytest

from course_lib.classroom.glossary import Term, load_glossary
from course_lib.errors import ContentError
from course_lib.syllabus import load_syllabus


@pytest.mark.parametrize(
    ("name", "text", "stands"),
    [
        ("batch norm", "Batch norms and\nbatch\nnorm", True),  # a line may end inside a term
        ("batch norm", "batch normalisation", False),
        ("loss", "two losses", True),
        ("tag", "the stage, a tag-along", True),
        ("tag", "the stage of a vintage", False),
        ("AUC", "two AUCs", True),
        ("AUC", "auc(model) is a function", False),
        ("ROC curve", "the roc curve", False),
        ("`fit`", "we fit it", False),
        ("`fit`", "we call `fit` once", True),
        ("persistent=False", "with `persistent=False`", True),
        ("mmap", "mmapped", False),
    ],
)
def test_a_term_is_found_as_a_word_in_its_case_and_in_the_plural(name, text, stands):
    assert Term(name, "").stands_in(text) == stands


def test_a_form_counts_as_the_term():
    term = Term("pickle", "", (), ("unpickling",))
    assert term.stands_in("Unpickling runs code")
    assert not term.stands_in("pickles" * 2)


def test_every_term_of_the_course_has_one_sentence_and_a_lesson_that_exists():
    known = {lesson.slug for lesson in load_syllabus().known}
    for term in load_glossary():
        assert set(term.lessons) <= known, term.name
        assert re.fullmatch(r"[^.]?.*\w.*\.", term.means), term.name
        assert "\n" not in term.means, term.name


GOOD = (
    '- term: guard\n  means: A line that is loud.\n  lesson: start_here\n- term: loss\n  means: "1"\n  presumed: true\n'
)


def test_what_is_read(tmp_path):
    path = tmp_path / "glossary.yaml"
    path.write_text(GOOD.replace("start_here", "[a, b]\n  forms: [guards off]"))
    assert load_glossary(path) == (
        Term("guard", "A line that is loud.", ("a", "b"), ("guards off",)),
        Term("loss", "1"),
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  means: A", "  meaning: A", "glossary.yaml, 'guard': unknown meaning. Known are: forms, lesson, means"),
        ("  means: A line that is loud.\n", "", "glossary.yaml, 'guard': add means."),
        (
            "  lesson: start_here\n",
            "",
            "glossary.yaml, 'guard': write either 'lesson: <slug>', which introduces it, or",
        ),
        ("  presumed: true\n", "  presumed: true\n  lesson: start_here\n", "glossary.yaml, 'loss': write either"),
        ("term: loss", "term: guard", "glossary.yaml: 'guard' stands twice. Keep one."),
        ("  presumed", "  forms: [guard]\n  presumed", "glossary.yaml: 'guard' stands twice. Keep one."),
        ('means: "1"', "means: 1", "glossary.yaml, 'loss': 'means' is 1; expected text"),
        (
            "lesson: start_here",
            "lesson: {a: b}",
            "glossary.yaml, 'guard': 'lesson' is {'a': 'b'}; expected text or a list",
        ),
        (
            "  presumed",
            "  forms: none\n  presumed",
            "glossary.yaml, 'loss': 'forms' is 'none'; expected text or a list",
        ),
        ("- term: guard", "- term: [guard", "glossary.yaml can't be read: "),
        (GOOD, "terms: none\n", "glossary.yaml: expected a list; begin every term with '- term: ...'."),
    ],
)
def test_each_mistake_of_an_author_has_a_message(tmp_path, old, new, says):
    assert old in GOOD
    path = tmp_path / "glossary.yaml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ContentError) as caught:
        load_glossary(path)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_a_missing_glossary_is_one_line(tmp_path):
    with pytest.raises(ContentError, match=r"^glossary\.yaml can't be read: .*Mend it\.$"):
        load_glossary(tmp_path / "glossary.yaml")
