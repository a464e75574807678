"""A stratified split into three parts, without leakage, the same for the same seed."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import same, sequence
from course_lib.classroom.tasks.observation import Observation, observe, plain
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.seeding import rng_state

PARTS = ("train", "validation", "test")


class SplitIndices(Task):
    """Three lists of rows: disjoint, stratified, groups kept together, seeded by a generator of its own."""

    visible: ClassVar = {
        "three classes, copies of each image": {"groups": (20, 10, 30), "copies": 3, "shares": (0.6, 0.2)},
        "every image once": {"groups": (40, 25), "copies": 1, "shares": (0.5, 0.3)},
        "a rare class, rows in order": {
            "groups": (30, 90),
            "copies": 2,
            "more": 9,
            "shares": (0.7, 0.1),
            "sorted": True,
        },
    }
    graded: ClassVar = {
        "five classes, odd numbers": {"groups": (13, 9, 31, 17, 22), "copies": 2, "shares": (0.55, 0.25), "odd": True},
        "group numbers with gaps": {"groups": (44, 36), "copies": 1, "more": 14, "shares": (0.5, 0.25), "odd": True},
    }
    hints: ClassVar = {
        "rows": "`(labels == k).nonzero().squeeze(1)` are the rows of a class, `torch.randperm(n, generator=generator)` shuffles.",
        "groups": "Shuffle and cut the *groups* of a class: `groups[labels == k].unique()`. `torch.isin(groups, some)` finds "
        "the rows of some of them.",
        "stratify": "Cut each class by itself, then put the parts of all classes together.",
        "seed": "`torch.Generator().manual_seed(seed)`, made inside the function, gives the same numbers for the same seed.",
        "global": "`torch.manual_seed` and `np.random.seed` change the numbers of everybody. A generator of your own doesn't.",
        "three": "Return three, in the order train, validation, test. The test part is what the other two leave.",
    }

    def data(self, case: Case) -> tuple[Tensor, Tensor]:
        """Labels (N,) and groups (N,): each group is an image of one class with its copies, every second one with `more`."""
        g = case.generator()
        label_of_group = torch.arange(len(case.groups)).repeat_interleave(torch.tensor(case.groups))
        numbers = torch.arange(len(label_of_group))
        if case.settings.get("odd"):
            numbers = torch.randperm(len(numbers), generator=g) * 7 + 3
            label_of_group = label_of_group + 2
        rows = torch.arange(len(numbers)).repeat(case.copies)
        if "more" in case.settings:
            some = torch.randperm(len(numbers), generator=g)[::2]
            rows = torch.cat([rows, some.repeat(case.more)])
        labels, groups = label_of_group[rows], numbers[rows]
        order = labels.argsort(stable=True) if case.settings.get("sorted") else torch.randperm(len(labels), generator=g)
        return labels[order], groups[order]

    def probe(self, answer: Any, case: Case) -> Observation:
        """Split twice with one seed and once with another, and look at the global random states in between."""
        labels, groups = self.data(case)
        seed = case.seed % 1000
        before, found = plain(rng_state()), {}

        def use(seed: int) -> Any:
            parts = answer(labels.clone(), groups.clone(), shares=case.shares, seed=seed)
            return [_rows(part) for part in parts] if isinstance(parts, list | tuple | Iterator) else parts

        def twice() -> Any:
            value = use(seed)
            found["rng"] = same(plain(rng_state()), before)
            torch.rand(3), np.random.rand(3)  # whoever draws from the global generators gets others now
            found["again"], found["other"] = use(seed), use(seed + 1)
            return value

        return observe(twice, also={name: lambda name=name: found.get(name) for name in ("rng", "again", "other")})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Whole, disjoint, together, stratified, repeatable."""
        if seen.error:
            return failed(f"`split_indices` raised {first_line(seen.error)}.", hint="rows")
        parts = _parts(seen.value)
        if parts is None:
            return failed("Expected three sequences of row numbers: train, validation, test.", hint="three")
        labels, groups = self.data(case)
        n, everything = len(labels), torch.cat(parts)
        if len(everything) and not (int(everything.min()) >= 0 and int(everything.max()) < n):
            return failed(f"There is a row {int(everything.max())}; the {n} rows count from 0.", hint="rows")
        counts = torch.bincount(everything, minlength=n)
        if (counts > 1).any():
            row = int((counts > 1).nonzero()[0])
            where = [name for name, part in zip(PARTS, parts, strict=True) if row in part.tolist()]
            return failed(f"Row {row} stands in {' and '.join(where)}{' twice' * (len(where) == 1)}.", hint="three")
        if (counts == 0).any():
            return failed(f"{int((counts == 0).sum())} of {n} rows are in no part.", hint="three")
        return (
            self.leaks(parts, groups)
            or self.shares(parts, labels, groups, case)
            or self.repeats(seen, parts, case)
            or passed("Whole, stratified, repeatable, and no image has a copy in another part.")
        )

    def leaks(self, parts: list[Tensor], groups: Tensor) -> Verdict | None:
        """No group in two parts."""
        sets = [set(groups[part].tolist()) for part in parts]
        for i, j in ((0, 2), (0, 1), (1, 2)):
            if both := sets[i] & sets[j]:
                return failed(
                    f"{len(both)} groups have rows in {PARTS[i]} and in {PARTS[j]}: copies of one image on both sides. That is "
                    "leakage.",
                    hint="groups",
                )
        return None

    def shares(self, parts: list[Tensor], labels: Tensor, groups: Tensor, case: Case) -> Verdict | None:
        """Each class with its share of the first two parts, to within one group."""
        for k in labels.unique().tolist():
            total = len(groups[labels == k].unique())
            for name, share, part in zip(PARTS[:2], case.shares, parts[:2], strict=True):
                got = len(groups[part][labels[part] == k].unique())
                if abs(got - share * total) > 1 + 1e-6:
                    return failed(
                        f"Of {total} groups of class {k}, {got} are in {name}; expected {share * total:.1f}, give or take one.",
                        hint="stratify",
                    )
        return None

    def repeats(self, seen: Observation, parts: list[Tensor], case: Case) -> Verdict | None:
        """The same with the same seed, another with another, and the global state as it was."""
        again, other = _parts(seen.also["again"]), _parts(seen.also["other"])
        if not _equal(parts, again):
            return failed("Called again with the same seed, it gave another split.", hint="seed")
        if _equal(parts, other):
            return failed("With another seed it gave the same split.", hint="seed")
        if seen.also["rng"] is not True:
            return failed("The global random state is not as it was before the call.", hint="global")
        return None


def _rows(part: Any) -> Any:
    """A part as something that can be recorded: a set, a range or a generator too."""
    if isinstance(part, Tensor | np.ndarray):
        return part
    try:
        return [int(row) for row in part]
    except (TypeError, ValueError):
        return part


def _parts(value: Any) -> list[Tensor] | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    parts = [sequence(part) for part in value]
    if any(part is None or not part.eq(part.round()).all() for part in parts):
        return None
    return [part.long() for part in parts]


def _equal(a: list[Tensor], b: list[Tensor] | None) -> bool:
    return b is not None and all(torch.equal(x.sort().values, y.sort().values) for x, y in zip(a, b, strict=True))
