"""Files made to run code or to flood the memory: refused or reported, nothing executed, memory bounded."""

import builtins
import contextlib
import io
import json
import os
import pickle
import random
import struct
import subprocess
import sys
import zipfile

import pytest
import torch
from safetensors.torch import save as safetensors_bytes

from course_lib.checkpoints.files import check_file, load_file
from course_lib.checkpoints.formats import load_portable
from course_lib.checkpoints.inspection import inspect_file
from course_lib.errors import CheckpointError, UnsafeFileError

# What every payload below would do: leave a mark that the tests look for.
CODE = "import builtins; builtins.STRANGERS_CODE_RAN = True"


@pytest.fixture(autouse=True)
def nothing_runs():
    yield
    ran = builtins.__dict__.pop("STRANGERS_CODE_RAN", False)
    assert not ran, "a hostile file was executed"


class Call:
    """Pickles into a call of anything."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


class Built:
    """Pickles into an object that gets its attributes from BUILD."""

    def __init__(self):
        self.note = Call(exec, CODE)


def text(string):
    return b"X" + struct.pack("<I", len(string)) + string.encode()


EXEC = b"c__builtin__\nexec\n"  # protocol 2 knows builtins by their old name
MARKED = text(CODE)
PROGRAMS = {
    "reduce exec": pickle.dumps(Call(exec, CODE), protocol=2),
    "reduce eval, protocol 4": pickle.dumps(Call(eval, f"exec({CODE!r})"), protocol=4),
    "os.system": pickle.dumps(Call(os.system, "true"), protocol=2),
    "subprocess": pickle.dumps(Call(subprocess.check_call, ["true"]), protocol=2),
    "nested in a state dict": pickle.dumps({"fc": [{"w": (1, Call(exec, CODE))}]}, protocol=2),
    "nested pickle": pickle.dumps(Call(pickle.loads, pickle.dumps(Call(exec, CODE))), protocol=2),
    "build": pickle.dumps(Built(), protocol=2),
    "inst": b"(" + b"S" + repr(CODE).encode() + b"\ni__builtin__\nexec\n.",
    "obj": b"\x80\x02(" + EXEC + MARKED + b"o.",
    "text protocol": b"c__builtin__\nexec\n(S" + repr(CODE).encode() + b"\ntR.",
    "stack global": b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93" + MARKED + b"\x85R.",
    "global from memo": b"\x80\x04\x8c\x08builtins\x94\x8c\x04exec\x94h\x00h\x01\x93\x94h\x02" + MARKED + b"\x85R.",
    "memo overwritten": b"\x80\x02ctorch\nSize\nq\x000" + EXEC + b"q\x000h\x00" + MARKED + b"\x85R.",
    "call of a call": b"\x80\x02cbuiltins\ngetattr\nctypes\nSimpleNamespace\n" + text("x") + b"\x86R" + MARKED + b"\x85R.",
    "dup": b"\x80\x02" + EXEC + b"2" + MARKED + b"\x85R0" + MARKED + b"\x85R.",
    "never stops": b"\x80\x02" + EXEC + MARKED + b"\x85R",
    "behind a broken opcode": b"\x80\x02h\x63" + EXEC + MARKED + b"\x85R.",
    "behind a huge memo number": b"\x80\x02Np99999999999\n0" + EXEC + MARKED + b"\x85R.",
    "popped again": b"\x80\x02" + EXEC + MARKED + b"\x85R0N.",
    "as a dict key": b"\x80\x02}" + EXEC + MARKED + b"\x85RNs.",
    "as backward hooks": b"\x80\x02ctorch._utils\n_rebuild_parameter\nN\x89" + EXEC + MARKED + b"\x85R\x87R.",
    "class changed": b"\x80\x02ctorch\nTensor\nN}" + text("add") + EXEC + b"s\x86b.",
    "class changed by safe names": b"\x80\x02ctorch\nTensor\nN}" + text("add") + b"ctorch\nSize\ns\x86b.",
    "extension registry": b"\x80\x02\x82\x01)R.",
    "newobj": b"\x80\x02" + EXEC + MARKED + b"\x85\x81.",
    "newobj_ex": b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93" + MARKED + b"\x85}\x92.",
}  # fmt: skip


def zipped(program, extra=(), compression=zipfile.ZIP_STORED):
    """A file as torch.save makes it around a given pickle, all checksums right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr("archive/data.pkl", program)
        archive.writestr("archive/version", "3\n")
        for name, data in extra:
            archive.writestr(name, data)
    return stream.getvalue()


def rewritten(data, change):
    """The same archive with every record passed through `change(name, data)`, all checksums right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for member in old.infolist():
            new.writestr(member.filename, change(member.filename, old.read(member)))
    return stream.getvalue()


def saved(obj):
    stream = io.BytesIO()
    torch.save(obj, stream)
    return stream.getvalue()


def refuses(tmp_path, data, error=CheckpointError, *, checked=True):
    """load_file refuses it with our own error, and check_file does unless only loading can tell."""
    path = tmp_path / "hostile.pt"
    path.write_bytes(data)
    with pytest.raises(error) as caught:
        load_file(path)
    if checked:
        with pytest.raises(error):
            check_file(path)
    return str(caught.value)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("wrap", [bytes, zipped], ids=["bare", "zip"])
def test_code_is_reported_and_refused_and_never_run(name, wrap, tmp_path):
    data = wrap(PROGRAMS[name])
    found = inspect_file(data)
    assert found.verdict == "unsafe"
    assert any(not reason.startswith("opcode") for reason in found.refused)
    assert "unsafe" in str(found)
    refuses(tmp_path, data)


@pytest.mark.parametrize(
    "name", ["reduce exec", "inst", "obj", "stack global", "memo overwritten", "never stops", "dup"]
)
def test_the_payloads_are_live(name):
    """Or the tests above would prove nothing: plain unpickling does run them."""
    with contextlib.suppress(EOFError, TypeError):  # some break after they have run
        pickle.loads(PROGRAMS[name])
    assert builtins.__dict__.pop("STRANGERS_CODE_RAN", False)


def test_the_real_thing_made_by_torch_save_is_refused(tmp_path):
    data = saved({"weight": torch.ones(2), "note": Call(exec, CODE)})
    assert inspect_file(data).refused == ("builtins.exec",)
    assert inspect_file(data).tensors[0].path == "weight"
    assert "exec" in refuses(tmp_path, data, UnsafeFileError)
    old = io.BytesIO()
    torch.save({"weight": torch.ones(2), "note": Call(exec, CODE)}, old, _use_new_zipfile_serialization=False)
    assert inspect_file(old).refused == ("builtins.exec",)
    refuses(tmp_path, old.getvalue(), UnsafeFileError)


def test_a_wrong_checksum_does_not_hide_the_code():
    data = bytearray(zipped(PROGRAMS["reduce exec"]))
    at = data.find(b"PK\x01\x02")
    data[at + 16 : at + 20] = b"\0\0\0\0"  # the CRC of data.pkl in the directory; torch does not look at it
    found = inspect_file(bytes(data))
    assert found.verdict == "unsafe"
    assert "builtins.exec" in found.refused
    assert found.damage


def test_a_safetensors_file_that_is_a_pickle_too_is_unsafe():
    # "X", a length of 24 bytes, then a text that makes bytes 5 to 8 the rest of the header's length and its "{".
    program = EXEC + MARKED + b"\x85R."
    header = b"{" + b" " * 19
    body = b"X" + struct.pack("<I", 23) + bytes(3) + header + b"0" + program
    size = len(body) - 8
    polyglot = bytearray(body + b" " * (0x1758 - size))  # "X" 0x17: the header's length in little endian
    assert int.from_bytes(polyglot[:8], "little") == 0x1758
    found = inspect_file(bytes(polyglot) + bytes(100))
    assert found.format == "safetensors"
    assert found.verdict == "unsafe"
    pickle.loads(bytes(polyglot))
    assert builtins.__dict__.pop("STRANGERS_CODE_RAN", False)


# --- claims ------------------------------------------------------------------------------------------------------

HUGE = b"\x8a\x07" + struct.pack("<q", 10**15)[:7]


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"K\x04t", HUGE + b"t"), (b"K\x04\x85", HUGE + b"\x85"), (b"K\x00K\x04", HUGE + b"K\x04"), (b"K\x01\x85", HUGE + b"\x85")],
    ids=["storage", "shape", "offset", "stride"],
)  # fmt: skip
def test_claims_of_more_than_the_file_holds_are_unsafe(old, new, tmp_path):
    honest = saved({"w": torch.arange(4.0)})
    assert inspect_file(honest).verdict == "good"
    data = rewritten(honest, lambda name, record: record.replace(old, new) if name.endswith(".pkl") else record)
    assert data != rewritten(honest, lambda name, record: record)
    found = inspect_file(data)
    assert found.verdict == "unsafe"
    assert any(word in " ".join(found.dangers) for word in ("claims", "reaches beyond"))
    refuses(tmp_path, data, checked=old == b"K\x04t")


def test_zip_bombs_are_not_inflated(tmp_path):
    bomb = zipped(b"\x80\x02N.", [("archive/data/0", bytes(50 << 20))], zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    found = inspect_file(bomb)
    assert found.verdict == "unsafe"
    assert "zip bomb" in found.dangers[0]
    assert [record.crc_ok for record in found.records] == [None, None, None]
    refuses(tmp_path, bomb, UnsafeFileError)
    pickled = zipped(b"\x80\x02" + b"N0" * (20 << 20) + b"N.", compression=zipfile.ZIP_DEFLATED)
    assert "it was not read" in " ".join(inspect_file(pickled).dangers)
    refuses(tmp_path, pickled)


def test_records_that_overlap_are_not_read(tmp_path):
    data = zipped(b"\x80\x02N.", [(f"archive/data/{i}", bytes(200_000)) for i in range(2)])
    first, second = data.find(b"archive/data/0") - 30, data.find(b"archive/data/1") - 30
    at = data.rfind(b"PK\x01\x02")
    assert struct.unpack("<I", data[at + 42 : at + 46])[0] == second
    folded = data[:second] + data[second + 30 + 14 + 200_000 :]  # the second record's bytes are gone ...
    at = folded.rfind(b"PK\x01\x02")
    folded = folded[: at + 42] + struct.pack("<I", first) + folded[at + 46 :]  # ... it points at the first's
    end = folded.rfind(b"PK\x05\x06")
    start = struct.pack("<I", folded.find(b"PK\x01\x02"))
    folded = folded[: end + 16] + start + folded[end + 20 :]
    found = inspect_file(folded)
    assert found.verdict == "unsafe"
    assert "overlap" in found.dangers[0]
    refuses(tmp_path, folded)


@pytest.mark.parametrize(
    "name",
    ["archive/../../home/x", "../x", "/etc/x", "archive\\..\\x", "C:/x"],
    ids=["deep", "up", "root", "dos", "disk"],
)
def test_names_that_leave_the_folder_are_unsafe(name, tmp_path):
    data = zipped(b"\x80\x02}.", [(name, b"x")])
    found = inspect_file(data)
    assert found.verdict == "unsafe"
    assert "would leave the folder" in found.dangers[0]
    refuses(tmp_path, data)


def test_two_records_with_one_name_are_unsafe_also_in_other_case(tmp_path):
    for name in ("archive/data.pkl", "archive/DATA.PKL"):  # torch's zip reader ignores case
        with pytest.warns(UserWarning, match="Duplicate") if name.islower() else pytest.MonkeyPatch.context():
            data = zipped(b"\x80\x02}.", [(name, PROGRAMS["reduce exec"])])
        assert inspect_file(data).verdict == "unsafe"
        refuses(tmp_path, data, UnsafeFileError)


SAFE = safetensors_bytes({"a": torch.ones(2), "b": torch.ones(2)})


def header_of(changes):
    header = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}} | changes
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(16)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<Q", 2**63 - 1) + SAFE[8:],
        struct.pack("<Q", 99_999_999) + SAFE[8:],
        header_of({"b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}),
        header_of({"b": {"dtype": "F32", "shape": [10**15], "data_offsets": [8, 16]}}),
        header_of({"b": {"dtype": "F32", "shape": [2**62, 2**62], "data_offsets": [8, 16]}}),
        header_of({"b": {"dtype": "F32", "shape": [2], "data_offsets": [8, 8 + 10**15]}}),
        header_of({"b": {"dtype": "F32", "shape": [-2], "data_offsets": [8, 16]}}),
        header_of({"b": {"dtype": "__import__", "shape": [2], "data_offsets": [8, 16]}}),
        header_of({"b": [1]}),
        struct.pack("<Q", 500_000) + b'{"a":' * 100_000,
    ],
    ids=["absurd", "long", "overlap", "shape", "product", "offsets", "negative", "dtype", "kind", "deep"],
)
def test_safetensors_that_lie_are_reported_and_refused(data, tmp_path):
    assert inspect_file(data).verdict in ("unsafe", "damaged")
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(data)
    with pytest.raises(CheckpointError):
        load_portable(path)
    refuses(tmp_path, data)


# --- floods ------------------------------------------------------------------------------------------------------

DOUBLE = b"h\x00h\x00\x86q\x00"
FLOODS = {
    "laughs": b"\x80\x02]q\x00" + DOUBLE * 20_000 + b".",
    "dict laughs": b"\x80\x02}q\x00" + (b"}q\x01K\x01h\x00sK\x02h\x00sq\x00") * 10_000 + b".",
    "list of itself": b"\x80\x02]q\x00" + b"h\x00a" * 20_000 + b".",
    "tuple as key": b"\x80\x02)q\x00" + DOUBLE * 64 + b"}h\x00K\x01s.",
    "stack of marks": b"\x80\x02" + b"(" * 1_100_000,
    "stack of duplicates": b"\x80\x02](" + b"2" * 1_100_000 + b"e.",
    "memo": b"\x80\x04" + b"]\x94" * 1_000_000 + b".",
    "memo collisions": b"\x80\x02N" + b"".join(b"p%d\n" % (i * (2**61 - 1)) for i in range(20_000)) + b".",
    "calls that share arguments": b"\x80\x02(" + b"K\x01" * 100_000 + b"tq\x00](" + b"ca\nb\nh\x00R" * 5_000 + b"e.",
    "deep": b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b".",
    "long key, many times": b"\x80\x02" + text("k" * 10_000_000) + b"q\x00}(" + b"h\x00]" * 30_000 + b"u.",
    "length of bytes": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x",
    "length of text": b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"x",
    "length of integer": b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"x",
    "huge integer": b"\x80\x02\x8b" + struct.pack("<i", 10_000_000) + b"\x7f" * 10_000_000 + b".",
    "huge number as text": b"I" + b"9" * 1_000_000 + b"\n.",
}  # fmt: skip

MEASURE = """
import json, pathlib, sys, time
from course_lib.checkpoints.inspection import inspect_file
def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024
before, rows = peak(), {}
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    start = time.process_time()  # a busy machine is no flood
    found = inspect_file(path)
    rows[path.name] = [found.verdict, time.process_time() - start, len(str(found)), peak() - before]
print(json.dumps(rows))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads the peak memory from Linux's /proc")
def test_floods_end_soon_in_bounded_memory(tmp_path):
    for name, program in FLOODS.items():
        (tmp_path / name).write_bytes(program)
        if len(program) < 500_000:  # the long ones take seconds, and the container makes no difference to them
            (tmp_path / f"{name}, zipped").write_bytes(zipped(program))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)], capture_output=True, text=True, timeout=280, check=True
    )
    rows = json.loads(done.stdout)
    assert rows.keys() >= FLOODS.keys()
    for name, (_, seconds, report_length, growth_mib) in rows.items():
        assert seconds < 20, name  # below 3 s on a free core
        assert report_length < 30_000, name
        assert growth_mib < 400, name  # 200 measured; the bombs above stand for terabytes
    bombs = {name for name, (verdict, *_) in rows.items() if verdict == "good"}
    assert bombs <= {n + z for n in ("list of itself", "long key, many times") for z in ("", ", zipped")}


# Small and finite when loaded: a list that holds itself, and one long text named many times.
HARMLESS = ("list of itself", "long key, many times")

LOAD = """
import pathlib, sys
from course_lib.checkpoints.files import load_file
from course_lib.errors import CheckpointError
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        load_file(path)
    except CheckpointError:
        path.unlink()
"""


def test_no_flood_is_loaded(tmp_path):
    """In a process of its own: a flood that gets through may hang in C code, where no timeout reaches it."""
    for name, program in FLOODS.items():
        (tmp_path / name).write_bytes(program)
        if name not in HARMLESS:
            (tmp_path / f"{name}, zipped").write_bytes(zipped(program))
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-c", LOAD, str(tmp_path)], timeout=20, check=True)
    assert not [path.name for path in sorted(tmp_path.iterdir())]  # whatever is left was loaded, or hangs first


def test_a_thousand_random_programs_neither_crash_nor_hang():
    draw = random.Random(0)
    opcodes = bytes(range(256))
    parts = [EXEC, MARKED, b"]", b"}", b"(", b"t", b"R", b"q\x00", b"h\x00", b"K\x01", b"a", b"s", b"u", b"e", b"0", b"2", b"b",
             b"\x81", b"Q", b"N", b"\x85", b"\x86", b"\x87", b"."]  # fmt: skip
    verdicts = set()
    for _ in range(1000):
        body = b"".join(draw.choice(parts) for _ in range(draw.randrange(60)))
        body += bytes(draw.choice(opcodes) for _ in range(draw.randrange(5)))
        found = inspect_file(b"\x80\x02" + body)
        assert ("builtins.exec" in found.refused) >= ("R" in found.opcodes and found.verdict == "good")
        verdicts.add(found.verdict)
        str(found)
    assert verdicts >= {"unsafe", "damaged"}
