"""Flashcards that come back when they are due, as FSRS schedules them.

Nothing but the ratings is stored: the state of a card is what replaying its `card` events gives. Cards of a
lesson take part once the lesson was opened; at most ten new ones a day.
"""

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import fsrs
import ipywidgets as widgets

from course_lib.classroom import progress, style
from course_lib.classroom.quizzes.bank import Card, bank_slugs, load_bank
from course_lib.classroom.widgets import block, focus, status
from course_lib.errors import InputError

NEW_CARDS_A_DAY = 10
RATINGS = ("Again", "Hard", "Good", "Easy")
_SCHEDULER = fsrs.Scheduler(enable_fuzzing=False)  # the same ratings give the same dates


@dataclass(frozen=True)
class Flashcard:
    """A card and the lesson it belongs to."""

    lesson: str
    card: Card


def due_times(events: Iterable[dict]) -> dict[tuple[str, str], datetime]:
    """When each card that was ever rated comes back, by (lesson, card id)."""
    states: dict[tuple[str, str], fsrs.Card] = {}
    for event in sorted((e for e in events if e["kind"] == "card"), key=lambda e: datetime.fromisoformat(e["at"])):
        at = datetime.fromisoformat(event["at"]).astimezone(UTC)
        name = event["lesson"], event["name"]
        before = states.get(name) or fsrs.Card(card_id=0, due=at)
        states[name], _ = _SCHEDULER.review_card(before, fsrs.Rating(event["rating"]), at)
    return {name: state.due for name, state in states.items()}


def choose(cards: Sequence[Flashcard], events: Sequence[dict], now: datetime) -> list[Flashcard]:
    """The cards to show now: those that are due, longest due first, then new ones.

    Args:
        cards: every card the learner may see, in order.
        events: the log.
        now: with a time zone; the day of its zone limits the new cards.
    """
    times = due_times(events)
    today: set[tuple[str, str]] = set()
    earlier: set[tuple[str, str]] = set()
    for event in events:
        if event["kind"] == "card":
            day = datetime.fromisoformat(event["at"]).astimezone(now.tzinfo).date()
            (today if day == now.date() else earlier).add((event["lesson"], event["name"]))
    back = [card for card in cards if _name(card) in times and times[_name(card)] <= now]
    new = [card for card in cards if _name(card) not in times]
    room = max(0, NEW_CARDS_A_DAY - len(today - earlier))
    return sorted(back, key=lambda card: times[_name(card)]) + new[:room]


def flashcards(slug: str | None = None) -> "Deck":
    """Show the flashcards that are due, of one lesson or of all lessons opened so far."""
    events = progress.events()
    return Deck(_cards(events, slug), events)


def all_cards() -> "DeckState":
    """Every card of the lessons opened so far."""
    events = progress.events()
    return DeckState(_cards(events, None), events)


def _cards(events: Iterable[dict], slug: str | None) -> list[Flashcard]:
    opened = dict.fromkeys(event["lesson"] for event in events if event["kind"] == "opened")
    slugs = [slug] if slug else [s for s in opened if s in bank_slugs()]
    return [Flashcard(s, card) for s in slugs for card in load_bank(s).cards]


def _name(card: Flashcard) -> tuple[str, str]:
    return card.lesson, card.card.id


def in_words(wait: timedelta) -> str:
    """A waiting time as people say it.

    >>> in_words(timedelta(minutes=10)), in_words(timedelta(days=3)), in_words(timedelta(seconds=20))
    ('in 10 minutes', 'in 3 days', 'in 1 minute')
    """
    minutes = max(1, round(wait.total_seconds() / 60))
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            number = round(minutes / size)
            return f"in {number} {name}{'' if number == 1 else 's'}"
    raise AssertionError("a minute is one minute at least")


class DeckState:
    """One sitting with the cards: which is shown, and when it comes back. Knows nothing of widgets."""

    def __init__(self, cards: Sequence[Flashcard], events: Sequence[dict]) -> None:
        self.cards, self.events = list(cards), list(events)

    def waiting(self, now: datetime) -> list[Flashcard]:
        """The cards to show now; the first is the one on the table."""
        return choose(self.cards, self.events, now)

    def rate(self, card: Flashcard, rating: int, now: datetime) -> timedelta:
        """Rate a card from 1 (Again) to 4 (Easy); how long until it comes back.

        Raises:
            InputError: there is no such rating.
        """
        if rating not in (1, 2, 3, 4):
            raise InputError(f"Rate from 1 (Again) to 4 (Easy); got {rating!r}.")
        at = now.isoformat()
        self.events.append({"at": at, "kind": "card", "lesson": card.lesson, "name": card.card.id, "rating": rating})
        return due_times(self.events)[_name(card)] - now

    def due(self, now: datetime) -> str:
        """How many cards are due, in words; if none is, what comes next and why."""
        if number := len(self.waiting(now)):
            return f"{number} flashcard{'s are' if number > 1 else ' is'} due."
        return f"No flashcards are due. {self.outlook(now)}"

    def outlook(self, now: datetime) -> str:
        """What comes next when nothing is due."""
        if not self.cards:
            return "There are no cards yet. Open a lesson first: its cards come with it."
        known = due_times(self.events)
        times = [known[name] for name in map(_name, self.cards) if name in known]
        parts = [f"The next card returns {in_words(min(times) - now)}."] if times else []
        if new := len(self.cards) - len(times):
            more = f"{new} more {'wait' if new > 1 else 'waits'} for tomorrow"
            parts.append(f"You have met today's {NEW_CARDS_A_DAY} new cards; {more}.")
        return " ".join(parts)


class Deck:
    """Flashcards as widgets: Show answer, then one of four ratings, by mouse or by Tab and Space.

    All buttons stay where they are, so the keyboard never loses its place.
    """

    def __init__(
        self,
        cards: Sequence[Flashcard],
        events: Sequence[dict],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self.state, self._clock, self._said = DeckState(cards, events), clock, ""
        self.show = widgets.Button(description="Show answer")
        self.show.on_click(lambda _: self._on_show())
        self.ratings = [widgets.Button(description=name) for name in RATINGS]
        for rating, button in enumerate(self.ratings, 1):
            button.on_click(lambda _, rating=rating: self._on_rating(rating))
        self.front, self.back, self.notice = status(), status(), status()
        buttons = widgets.HBox([self.show, *self.ratings]).add_class("cl-buttons")
        self.view = block("cards", self.front, buttons, self.back, self.notice)
        self._deal()

    def __repr__(self) -> str:
        return f"{self._title()}\n\n{self.card.card.front if self.card else self._outlook()}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return style.bundle(self.static(), repr(self), view=self.view)

    def static(self) -> str:
        """How many cards are due, as HTML that needs no widgets."""
        words = self.state.due(self._clock())
        return style.panel(f"<p><b>Flashcards</b></p><p>{words} In a running notebook you can go through them.</p>")

    def _deal(self) -> None:
        waiting = self.state.waiting(self._clock())
        self.card, self.left, self._revealed = (waiting[0] if waiting else None), len(waiting), False
        body = style.markdown(self.card.card.front if self.card else self._outlook())
        self.front.value = style.box(f"<p><b>{html.escape(self._title())}</b></p>{body}", "cl-note cl-hint")
        self.back.value = style.box(style.inline(self._said), "cl-small") if self._said else ""
        self.show.description = "Show answer" if self.card else "Look again"
        for button in self.ratings:
            button.layout.display = None if self.card else "none"

    def _title(self) -> str:
        if self.card is None:
            return "Flashcards: nothing is due"
        return f"Flashcards: {self.left} due"

    def _outlook(self) -> str:
        return self.state.outlook(self._clock())

    def _on_show(self) -> None:
        if self.card is None:  # something may be due by now
            self._said = ""
            self._deal()
            return
        self._revealed = True
        card = self.card.card
        foot = f'<p class="cl-small">Source: {style.inline(card.source)}</p><p>How well did you know it?</p>'
        self.back.value = style.box(style.markdown(card.back) + foot, "cl-note cl-passed")
        focus(self.ratings[0])

    def _on_rating(self, rating: int) -> None:
        if self.card is None:
            return
        if not self._revealed:
            self.back.value = style.note("note", "<p>Look at the answer first: Show answer.</p>")
            return
        lesson, name = _name(self.card)
        progress.record("card", lesson, name, rating=rating, tell=self._tell)
        wait = self.state.rate(self.card, rating, self._clock())
        self._said = f"{RATINGS[rating - 1]}: that card returns {in_words(wait)}."
        self._deal()
        focus(self.show)

    def _tell(self, note: str) -> None:
        self.notice.value = style.note("note", style.markdown(note))
