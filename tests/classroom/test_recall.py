"""Flashcards: scheduled by replaying the log, a few new ones a day, and shown one by one."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import fsrs
import pytest

from course_lib.classroom import progress, recall
from course_lib.classroom.quizzes import bank as banks
from course_lib.classroom.quizzes.bank import Card
from course_lib.classroom.recall import Deck, DeckState, Flashcard, all_cards, choose, due_times, flashcards, in_words
from course_lib.errors import InputError

EXAMPLES = Path(__file__).parent / "data"
NOON = datetime(2030, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
CARDS = [Flashcard("a", Card(f"c{i}", f"front {i}", f"back {i}", "source")) for i in range(25)]


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(progress, "_told", set())


def rated(card, rating, at, lesson="a"):
    return {"at": at.isoformat(), "kind": "card", "lesson": lesson, "name": card, "rating": rating}


def names(cards):
    return [card.card.id for card in cards]


# scheduling


def test_the_schedule_is_what_fsrs_gives_without_fuzz():
    ratings = [
        (3, NOON),
        (3, NOON + timedelta(minutes=10)),
        (1, NOON + timedelta(days=3)),
        (4, NOON + timedelta(days=4)),
    ]
    scheduler, card = fsrs.Scheduler(enable_fuzzing=False), fsrs.Card(card_id=1)
    for rating, at in ratings:
        card, _ = scheduler.review_card(card, fsrs.Rating(rating), at.astimezone(UTC))
    log = [rated("c0", rating, at) for rating, at in ratings]
    assert due_times(log) == {("a", "c0"): card.due}
    assert due_times(reversed(log)) == due_times(log)  # several kernels need not write in order
    assert card.due - ratings[-1][1] > timedelta(days=1)


def test_better_ratings_wait_longer():
    waits = [due_times([rated("c0", rating, NOON)])["a", "c0"] - NOON for rating in (1, 2, 3, 4)]
    assert waits == sorted(set(waits))
    assert waits[0] == timedelta(minutes=1)
    assert waits[3] >= timedelta(days=1)


def test_cards_of_two_lessons_with_one_id_are_two_cards():
    times = due_times([rated("c0", 1, NOON, "a"), rated("c0", 4, NOON, "b")])
    assert times["a", "c0"] < times["b", "c0"]


def test_ten_new_cards_a_day_counted_in_the_learners_day():
    assert names(choose(CARDS, [], NOON)) == [f"c{i}" for i in range(10)]
    log = [rated(f"c{i}", 4, NOON - timedelta(hours=1)) for i in range(4)]
    assert names(choose(CARDS, log, NOON)) == [f"c{i}" for i in range(4, 10)]
    log = [rated(f"c{i}", 4, NOON) for i in range(10)]
    assert choose(CARDS, log, NOON) == []
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    assert choose(CARDS, log, midnight - timedelta(minutes=1)) == []
    assert names(choose(CARDS, log, midnight)) == [f"c{i}" for i in range(10, 20)]


def test_reviews_are_not_limited_and_do_not_use_up_the_new_ones():
    before = NOON - timedelta(days=30)
    log = [rated(f"c{i}", 3, before + timedelta(minutes=i)) for i in range(12)]
    shown = names(choose(CARDS, log, NOON))
    assert shown[:12] == [f"c{i}" for i in range(12)]  # longest due first
    assert shown[12:] == [f"c{i}" for i in range(12, 22)]
    log.append(rated("c0", 4, NOON))  # an old card rated today
    assert len(choose(CARDS, log, NOON)) == 11 + 10


def test_a_card_comes_back_when_it_is_due_and_not_before():
    log = [rated("c0", 1, NOON)]
    assert "c0" not in names(choose(CARDS, log, NOON + timedelta(seconds=59)))
    assert names(choose(CARDS, log, NOON + timedelta(seconds=60)))[0] == "c0"


def test_a_card_that_left_the_bank_is_ignored():
    assert "gone" not in names(choose(CARDS, [rated("gone", 1, NOON)], NOON + timedelta(days=1)))


def test_cards_of_a_lesson_take_part_once_it_was_opened(monkeypatch):
    monkeypatch.setattr(recall, "load_bank", lambda slug: banks.load_bank(EXAMPLES / f"{slug}.yaml"))
    monkeypatch.setattr(recall, "bank_slugs", lambda: ("example_bank",))
    assert all_cards().cards == []
    progress.record("opened", "example_bank")
    progress.record("opened", "a_lesson_without_a_bank")
    now = datetime.now(UTC)
    assert names(all_cards().waiting(now)) == ["eval-sets-a-flag", "momentum-weighs-the-new", "dropout-rescales"]
    progress.record("card", "example_bank", "eval-sets-a-flag", rating=4)
    assert len(all_cards().waiting(now)) == 2
    assert len(all_cards().waiting(now + timedelta(days=60))) == 3
    assert flashcards().left == 2


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (timedelta(seconds=-5), "in 1 minute"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(minutes=59, seconds=40), "in 1 hour"),
        (timedelta(hours=5, minutes=20), "in 5 hours"),
        (timedelta(hours=23, minutes=59, seconds=59), "in 1 day"),
        (timedelta(days=8, hours=1), "in 8 days"),
    ],
)
def test_a_wait_is_said_as_people_say_it(wait, words):
    assert in_words(wait) == words


# the deck


def test_a_sitting_goes_through_the_cards_and_brings_back_what_was_forgotten():
    state, now = DeckState(CARDS[:2], []), NOON
    assert names(state.waiting(now)) == ["c0", "c1"]
    assert state.rate(state.waiting(now)[0], 1, now) == timedelta(minutes=1)
    assert state.rate(state.waiting(now)[0], 4, now) > timedelta(days=1)
    assert state.waiting(now) == []
    assert state.outlook(now) == "The next card returns in 1 minute."
    assert names(state.waiting(now + timedelta(minutes=1))) == ["c0"]
    with pytest.raises(InputError, match="Rate from 1"):
        state.rate(CARDS[0], 5, now)


def test_what_is_due_is_said_in_words_and_the_daily_limit_by_its_name():
    assert DeckState([], []).due(NOON) == (
        "No flashcards are due. There are no cards yet. Open a lesson first: its cards come with it."
    )
    assert DeckState(CARDS[:1], []).due(NOON) == "1 flashcard is due."
    assert DeckState(CARDS, []).due(NOON) == "10 flashcards are due."
    log = [rated(f"c{i}", 4, NOON) for i in range(10)]
    met = "You have met today's 10 new cards; "
    back = recall.in_words(due_times(log)["a", "c0"] - NOON)
    assert DeckState(CARDS, log).due(NOON) == (
        f"No flashcards are due. The next card returns {back}. {met}15 more wait for tomorrow."
    )
    assert DeckState(CARDS[:11], log).outlook(NOON).endswith(f"{met}1 more waits for tomorrow.")
    assert DeckState(CARDS[:10], log).outlook(NOON) == f"The next card returns {back}."
    # the ten were of another lesson, and no card of this one was ever rated
    other = [Flashcard("b", CARDS[0].card)]
    assert DeckState(other, log).outlook(NOON) == f"{met}1 more waits for tomorrow."


def test_the_deck_shows_front_then_answer_then_when_it_returns():
    deck = Deck(CARDS[:2], [], clock=lambda: NOON)
    assert "front 0" in deck.front.value
    assert "2 due" in deck.front.value
    assert "back 0" not in deck.front.value + deck.back.value + repr(deck)
    deck.ratings[2].click()
    assert "Look at the answer first" in deck.back.value
    assert progress.events() == []
    deck.show.click()
    assert "back 0" in deck.back.value
    assert "cl-status" in deck.back._dom_classes
    deck.ratings[2].click()
    assert "Good: that card returns in 10 minutes" in deck.back.value
    assert "front 1" in deck.front.value
    deck.show.click()
    deck.ratings[3].click()
    assert "nothing is due" in deck.front.value
    assert "The next card returns in 10 minutes" in repr(deck)
    assert [(e["kind"], e["lesson"], e["name"], e["rating"]) for e in progress.events()] == [
        ("card", "a", "c0", 3),
        ("card", "a", "c1", 4),
    ]
    deck.ratings[0].click()  # nothing is left to rate
    assert len(progress.events()) == 2


def test_at_the_end_look_again_brings_what_has_become_due():
    times = [NOON]
    deck = Deck(CARDS[:1], [], clock=lambda: times[-1])
    deck.show.click()
    deck.ratings[0].click()
    assert "nothing is due" in deck.front.value
    assert deck.show.description == "Look again"
    assert all(button.layout.display == "none" for button in deck.ratings)
    deck.show.click()
    assert "nothing is due" in deck.front.value
    times.append(NOON + timedelta(minutes=1))
    deck.show.click()
    assert "front 0" in deck.front.value
    assert deck.show.description == "Show answer"
    assert all(button.layout.display is None for button in deck.ratings)


def test_what_was_rated_is_what_comes_back_in_the_next_sitting():
    deck = Deck(CARDS[:3], [])
    for rating in (0, 3, 3):
        deck.show.click()
        deck.ratings[rating].click()
    later = datetime.now(UTC) + timedelta(minutes=2)
    assert names(choose(CARDS[:3], progress.events(), later)) == ["c0"]


def test_no_button_is_disabled_or_hidden_while_a_card_is_on_the_table():
    deck = Deck(CARDS[:2], [], clock=lambda: NOON)
    deck.show.click()
    deck.ratings[0].click()
    assert not any(button.disabled for button in (deck.show, *deck.ratings))
    assert all(button.layout.display is None for button in (deck.show, *deck.ratings))


def test_an_empty_deck_says_how_cards_come():
    assert "Open a lesson first" in repr(flashcards())


def test_the_sitting_goes_on_where_progress_cannot_be_written(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file"))
    deck = Deck(CARDS[:2], [], clock=lambda: NOON)
    deck.show.click()
    deck.ratings[3].click()
    assert "front 1" in deck.front.value
    assert "can't be saved" in deck.notice.value
    assert capsys.readouterr().out == ""


def test_without_a_front_end_the_card_is_text():
    bundle = Deck(CARDS, [], clock=lambda: NOON)._repr_mimebundle_()
    assert bundle["text/plain"] == "Flashcards: 10 due\n\nfront 0"
    assert "10 flashcards are due." in bundle["text/html"]
    assert "back 0" not in bundle["text/html"]
