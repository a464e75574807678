"""List what a model's state_dict holds, entry by entry."""

from typing import Any, ClassVar

from torch import Tensor

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.state_dict.tasks.shared import network


def _dtype(value: Any) -> str:
    """A dtype as `str` writes it; an Observation holds the object as its text."""
    text = value.get("text", "") if isinstance(value, dict) else str(value)
    return text if text.startswith("torch.") else f"torch.{text}"


class ParameterTable(Task):
    """List what a model's state_dict holds, entry by entry."""

    visible: ClassVar = {"buffers of two sorts": {"kind": "plain"}, "a frozen layer": {"kind": "frozen"}}
    graded: ClassVar = {"tied weights": {"kind": "tied"}, "half precision": {"kind": "half"}}
    hints: ClassVar = {
        "entries": "The rows are the entries of `model.state_dict()`, in its order: no more and no fewer.",
        "kind": "Every tensor of a state_dict is detached, so `requires_grad` says nothing. A name is a parameter's if "
        "`named_parameters()` lists it.",
        "tied": "`named_parameters()` lists a shared tensor once. `remove_duplicate=False` lists every name.",
        "bytes": "A number takes 2, 4 or 8 bytes: `tensor.numel() * tensor.element_size()`, or `tensor.nbytes`.",
        "form": "A list of dictionaries, each with the keys name, kind, shape, dtype and size_bytes.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the table."""
        return observe(answer, network(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The right rows, then every column."""
        if seen.error:
            return failed(f"`parameter_table(model)` raised {seen.error}.", hint="form")
        model = network(case)
        parameters = dict(model.named_parameters(remove_duplicate=False))
        expected = model.state_dict()
        rows = seen.value
        if not isinstance(rows, list) or not all(
            isinstance(r, dict) and {"name", "kind", "shape", "dtype", "size_bytes"} <= set(r) for r in rows
        ):
            return failed(f"Expected a list of dictionaries with five keys; got {seen.type}.", hint="form")
        names = [str(row["name"]) for row in rows]
        if left_out := [name for name in expected if name not in names]:
            return failed(
                f"{', '.join(f'`{n}`' for n in left_out)} missing: a state_dict holds the buffers and every name "
                "of a shared tensor, too.",
                hint="tied" if case.kind == "tied" else "entries",
            )
        if extra := [name for name in names if name not in expected]:
            return failed(
                f"`{extra[0]}` is in the table and not in the state_dict: a buffer with `persistent=False` is not "
                "saved.",
                hint="entries",
            )
        if names != list(expected):
            return failed(f"Expected the rows in the order of the state_dict, each once; got {names}.", hint="entries")
        for row, (name, tensor) in zip(rows, expected.items(), strict=True):
            kind = "parameter" if name in parameters else "buffer"
            if row["kind"] != kind:
                return failed(
                    f"`{name}` is a {kind}; the table says {row['kind']!r}.",
                    hint="tied" if case.kind == "tied" else "kind",
                )
            shape = row["shape"].tolist() if isinstance(row["shape"], Tensor) else row["shape"]
            if shape != list(tensor.shape):
                return failed(f"`{name}` has shape {tuple(tensor.shape)}; the table says {shape}.", hint="form")
            if _dtype(row["dtype"]) != str(tensor.dtype):
                return failed(f"`{name}` is {tensor.dtype}; the table says {_dtype(row['dtype'])}.", hint="form")
            if not near(row["size_bytes"], tensor.nbytes, rtol=0, atol=0):
                return failed(
                    f"`{name}`: {tensor.numel()} numbers of {tensor.dtype} take {tensor.nbytes} bytes; the table says "
                    f"{row['size_bytes']}.",
                    hint="bytes",
                )
        return passed("Every entry, parameters and buffers, as they are saved.")
