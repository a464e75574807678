"""List what a model's state_dict holds, tensor by tensor."""

from typing import Any, ClassVar

from torch import Tensor

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.state_dict.tasks.shared import network

KEYS = ("name", "kind", "shape", "dtype", "size_bytes")


class ParameterTable(Task):
    """List what a model's state_dict holds, tensor by tensor."""

    visible: ClassVar = {
        "buffers of two sorts": {"kind": "plain"},
        "a frozen layer": {"kind": "frozen"},
        "tied weights": {"kind": "tied"},
        "odd names, and slices": {"kind": "sliced"},
        "an extra state": {"kind": "extra state"},
        "nothing to save": {"kind": "nothing"},
    }
    graded: ClassVar = {"half precision": {"kind": "half"}, "a single layer": {"kind": "one layer"}}
    hints: ClassVar = {
        "entries": "The rows are the tensors of `model.state_dict()`, in its order: no more and no fewer.",
        "kind": "Every tensor of a state_dict is detached, so `requires_grad` says nothing, and names are free. A name is a "
        "parameter's if `named_parameters()` lists it.",
        "tied": "`named_parameters()` lists a shared tensor once. `remove_duplicate=False` lists every name.",
        "bytes": "A number takes 2, 4 or 8 bytes: `tensor.numel() * tensor.element_size()`, or `tensor.nbytes`. What the "
        "storage holds besides is not asked for.",
        "form": "A list of dictionaries, each with the keys name, kind, shape, dtype and size_bytes; `tuple(tensor.shape)` "
        "is a tuple, `str(tensor.dtype)` a text.",
        "extra": "A value of a state_dict may be no tensor: `isinstance(value, torch.Tensor)` tells.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the table, and note of which type each shape and dtype is."""
        rows: list[Any] = []

        def use() -> Any:
            value = answer(network(case))
            rows.extend(value if isinstance(value, list | tuple) else ())
            return value

        def texts() -> list[bool]:
            return [isinstance(row, dict) and isinstance(row.get("dtype"), str) for row in rows]

        def tuples() -> list[bool]:
            return [isinstance(row, dict) and isinstance(row.get("shape"), tuple) for row in rows]

        return observe(use, also={"texts": texts, "tuples": tuples})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The right rows, then every column."""
        if seen.error:
            hint = "extra" if case.kind == "extra state" else "form"
            return failed(f"`parameter_table(model)` raised {seen.error}.", hint=hint)
        model = network(case)
        parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
        state = model.state_dict()
        expected = {name: tensor for name, tensor in state.items() if isinstance(tensor, Tensor)}
        if wrong := self._wrong_form(seen):
            return wrong
        names = [str(row["name"]) for row in seen.value]
        if wrong := self._wrong_rows(names, expected, state, parameters, tied=case.kind == "tied"):
            return wrong
        for number_, (row, (name, tensor)) in enumerate(zip(seen.value, expected.items(), strict=True)):
            kind = "parameter" if name in parameters else "buffer"
            if row["kind"] != kind:
                return failed(
                    f"`{name}` is a {kind}; the table says {row['kind']!r}.",
                    hint="tied" if case.kind == "tied" else "kind",
                )
            if wrong := self._wrong_numbers(row, name, tensor, seen, number_):
                return wrong
        return passed("Every entry, parameters and buffers, as they are saved.")

    def _wrong_form(self, seen: Observation) -> Verdict | None:
        if not isinstance(seen.value, list) or seen.type != "list":
            return failed(f"Expected a list of dictionaries; got {seen.type}.", hint="form")
        for row in seen.value:
            lacking = [key for key in KEYS if key not in row] if isinstance(row, dict) else KEYS
            if lacking:
                return failed(
                    f"Expected a list of dictionaries with five keys; a row lacks {named(lacking)}.", hint="form"
                )
        return None

    def _wrong_rows(
        self, names: list[str], expected: dict[str, Tensor], state: dict[str, Any], parameters: set[str], *, tied: bool
    ) -> Verdict | None:
        if lacking := [name for name in expected if name not in names]:
            why = "every tensor of the state_dict has a row, whatever the model"
            if tied:
                why = "a tensor with two names has two rows"
            elif not parameters & set(lacking):
                why = "a state_dict holds the buffers, too"
            return failed(f"{named(lacking)} missing: {why}.", hint="tied" if tied else "entries")
        if extra := [name for name in names if name not in expected]:
            if extra[0] in state:
                return failed(f"`{extra[0]}` is no tensor and gets no row.", hint="extra")
            return failed(
                f"`{extra[0]}` is in the table and not in the state_dict: a buffer with `persistent=False` is not saved.",
                hint="entries",
            )
        if names != list(expected):
            return failed(f"Expected the rows in the order of the state_dict, each once; got {names}.", hint="entries")
        return None

    def _wrong_numbers(
        self, row: dict[str, Any], name: str, tensor: Tensor, seen: Observation, place: int
    ) -> Verdict | None:
        shape = row["shape"]
        if not seen.also["tuples"][place] or shape != list(tensor.shape):
            shown = f"{tuple(shape) if seen.also['tuples'][place] else shape}"
            if shape == list(tensor.shape):
                shown += ", a list and no tuple"
            return failed(f"`{name}` has shape {tuple(tensor.shape)}; the table says {shown}.", hint="form")
        if not seen.also["texts"][place]:
            return failed(f"The dtype of `{name}` is no text; expected {str(tensor.dtype)!r}.", hint="form")
        if row["dtype"] != str(tensor.dtype):
            return failed(f"`{name}` is {str(tensor.dtype)!r}; the table says {row['dtype']!r}.", hint="form")
        if number(row["size_bytes"]) != tensor.nbytes:
            said = row["size_bytes"]
            dragged = said == tensor.untyped_storage().nbytes()
            return failed(
                f"`{name}`: {tensor.numel()} numbers of {tensor.dtype} take {tensor.nbytes} bytes; the table says {said}"
                f"{', which is the storage behind them' if dragged else ''}.",
                hint="bytes",
            )
        return None
