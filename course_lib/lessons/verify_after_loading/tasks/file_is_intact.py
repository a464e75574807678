"""Is a file the one that was written? Its size and its digest against what was noted."""

import hashlib
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.answers import asked, first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.verify_after_loading.tasks.shared import told

LARGE_BYTES, ALLOWED_BYTES = 3 << 20, 5 << 19  # a piece of 1 MiB may be held while the next is read


def written(
    expected: bool | None,
    *,
    size: int = 3000,
    damage: str = "",
    note: str = "",
    text: bool = False,
    name: str = "model.pt",
    again: bool = False,
) -> dict[str, Any]:
    """The settings of a case. `expected` None: an error; `text`: a path as text; `again`: asked again, one bit turned."""
    return {
        "expected": expected, "size": size, "damage": damage, "note": note, "text": text, "file": name, "again": again,
    }  # fmt: skip


class FileIsIntact(Task):
    """Compare size and SHA-256 of a file with a note."""

    visible: ClassVar = {
        "as it was written": written(True, again=True),  # a constant passes nothing
        "one bit turned": written(False, damage="bit", text=True),
        "cut off": written(False, damage="cut"),
        "appended to": written(False, damage="append"),
        "gone": written(False, damage="gone"),
        "noted in capitals": written(True, note="capitals", name="epoch 7.bin"),
        "a note without a digest": written(None, note="no sha256"),
        "a large file": written(True, size=LARGE_BYTES),
    }
    graded: ClassVar = {
        "empty now": written(False, damage="empty", text=True),
        "another file of that size": written(False, damage="exchange", name="last"),
        "a folder in its place": written(False, damage="folder"),
        "noted as empty, and empty": written(True, size=0),
        "another size in the note": written(False, note="other size"),
        "a note without a size": written(None, note="no bytes", text=True),
        "damaged, and half a note": written(None, damage="bit", note="no sha256"),
        "cut off, and half a note": written(None, damage="cut", note="no sha256"),
        "the last bit of a large file": written(False, size=LARGE_BYTES, damage="last bit"),
        "a text file with odd line ends": written(True, size=2001, name="log.txt", text=True),
    }
    hints: ClassVar = {
        "digest": '`hashlib.file_digest(file, "sha256").hexdigest()`, of a file opened with mode `"rb"`.',
        "size": '`Path(path).stat().st_size` is the size. Compare it with `note["bytes"]`, and the digest too.',
        "missing": "`Path(path).is_file()` is False for a file that isn't there and for a folder.",
        "capitals": "Hexadecimal digits mean the same in both cases: compare `.lower()` with `.lower()`.",
        "half": "`note[...]` raises a KeyError where the entry is missing; `note.get(...)` hides it. Ask the note first.",
        "pieces": "`file.read()` holds the whole file in memory. `hashlib.file_digest` doesn't, nor does a loop over "
        "`file.read(1 << 16)` with `digest.update(piece)`.",
    }

    def contents(self, case: Case) -> tuple[bytes, bytes | None]:
        """What was written and noted, and what is there now (None: nothing)."""
        g = case.generator()
        block = torch.randint(256, (4099,), generator=g, dtype=torch.uint8).numpy().tobytes()
        if case.size == LARGE_BYTES:
            block = block.replace(b"\n", b"\r")  # a file without line ends is one long line
        good = (block * (case.size // 4099 + 1))[: case.size]
        if case.file == "log.txt":
            good = (good.hex()[: case.size - 4] + "\r\n\n\r").encode()
        turned = bytearray(good)
        if case.damage.endswith("bit"):
            turned[-1 if case.damage == "last bit" else len(good) // 3] ^= 0b0001_0000
        now = {
            "bit": bytes(turned), "last bit": bytes(turned), "cut": good[:-700], "append": good + b"\0", "empty": b"",
            "exchange": good[::-1], "gone": None, "folder": None,
        }  # fmt: skip
        return good, now.get(case.damage, good)

    def note(self, case: Case, good: bytes) -> dict[str, Any]:
        """What was noted beside the file."""
        digest = hashlib.sha256(good).hexdigest()
        note = {"bytes": len(good) + (case.note == "other size"), "sha256": digest, "written": "on Monday"}
        if case.note == "capitals":
            note["sha256"] = digest.upper()
        note.pop(case.note.removeprefix("no "), None)
        return note

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write, damage, ask; measure the memory where the file is large."""
        good, now = self.contents(case)
        note, peak = self.note(case, good), []
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, case.file)
            if now is not None:
                path.write_bytes(now)
            elif case.damage == "folder":
                path.mkdir()
            given, kept = (str(path) if case.text else path), dict(note)

            def use() -> Any:
                if case.size < LARGE_BYTES or tracemalloc.is_tracing():
                    return answer(given, note)
                tracemalloc.start()
                try:
                    return answer(given, note)
                finally:
                    peak.append(tracemalloc.get_traced_memory()[1])
                    tracemalloc.stop()

            def stayed() -> bool:
                there = path.is_file() and path.read_bytes() == now
                if now is None:
                    there = path.is_dir() if case.damage == "folder" else not path.exists()
                return there and note == kept

            def turned() -> Any:
                """The answer for the same file with one bit turned, in the case that asks for it."""
                if case.again:
                    path.write_bytes(bytes([now[0] ^ 16]) + now[1:])
                    return asked(answer, given, note)

            also = {"stayed": stayed, "peak": lambda: max(peak, default=0), "turned": lambda: observe(turned).value}
            return observe(use, also=also)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """True, False or an error."""
        there = {
            "": "The file is as it was written", "bit": "One bit of the file has turned", "cut": "The end of the file is cut off",
            "append": "One byte was appended to the file", "empty": "The file is empty now", "gone": "The file is gone",
            "exchange": "Another file of the same size has its name", "folder": "There is a folder of that name",
            "last bit": "The last byte of a large file has another bit",
        }[case.damage]  # fmt: skip
        noted = {
            "capitals": ", and the note has the digest in capital letters", "other size": ", and the note has another size",
            "no sha256": ", and the note has no `sha256`", "no bytes": ", and the note has no `bytes`",
        }.get(case.note, "")  # fmt: skip
        what = there + noted
        if not seen.also["stayed"]:
            return failed("The file or the note is another one afterwards. Only look.", hint="digest")
        if case.expected is None:
            if seen.error:
                return passed("Half a note proves nothing.")
            return failed(
                f"{what}. Expected an error; got {told(seen.value)}. Half a note proves nothing.", hint="half"
            )
        hint = {"gone": "missing", "folder": "missing"}.get(case.damage) or {
            "capitals": "capitals",
            "other size": "size",
        }.get(case.note, "digest")
        if seen.error:
            return failed(
                f"{what}. Expected {case.expected}; `file_is_intact` raised {first_line(seen.error)}.", hint=hint
            )
        if not isinstance(seen.value, bool):
            return failed(f"{what}. Expected {case.expected}; got {told(seen.value)}.", hint=hint)
        if seen.value != case.expected:
            why = ": the size alone doesn't tell" if case.damage in ("bit", "last bit", "exchange") else ""
            return failed(f"{what}. Expected {case.expected}; got {seen.value}{why}.", hint=hint)
        if seen.also["peak"] > ALLOWED_BYTES:
            return failed(
                f"A file of {LARGE_BYTES >> 20} MiB was held in memory almost whole ({seen.also['peak'] / 2**20:.1f} MiB). Read "
                "it in pieces: a checkpoint may be larger than the memory.",
                hint="pieces",
            )
        again = seen.also["turned"]
        if case.again and again != {"value": False}:
            got = told(again["value"]) if isinstance(again, dict) and "value" in again else "an error"
            why = ": the size alone doesn't tell" if got == "True" else ""
            return failed(f"One bit of the file has turned. Expected False; got {got}{why}.", hint="digest")
        return passed("This file, whole, and no other.")
