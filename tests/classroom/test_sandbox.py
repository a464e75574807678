"""The room of a submission: what it can do, as root and as anybody; and a system that has none."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from attempts import ROOT

from course_lib.classroom.grading.child import Room
from course_lib.classroom.grading.plan import Deadlines, Step, run
from course_lib.classroom.grading.sandbox import Limits
from course_lib.classroom.tasks.checking import solution_code
from course_lib.classroom.tasks.task import find_task
from course_lib.classroom.tasks.verdicts import judge_wires

pytestmark = [
    pytest.mark.grading,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux"),
]
IS_ROOT = hasattr(os, "getuid") and os.getuid() == 0

TWO_PROCESSES = """
import torch, torch.distributed as dist, tempfile, multiprocessing as mp
def work(rank, path):
    dist.init_process_group("gloo", init_method=f"file://{path}", rank=rank, world_size=2)
    x = torch.ones(1) + rank
    dist.all_reduce(x)
    dist.destroy_process_group()
    assert x == 3
if __name__ == "__main__":
    context, path = mp.get_context("spawn"), tempfile.mktemp()
    started = [context.Process(target=work, args=(rank, path)) for rank in range(2)]
    for one in started: one.start()
    for one in started: one.join()
    print([one.exitcode for one in started])
"""


def text(seen, cell=0) -> str:
    return "".join(o.get("text", "") + o.get("evalue", "") for o in seen.outputs[cell])


def ran(source: str, seconds: float = 120, **room) -> str:
    return text(run([Step(0, source=source)], Room(uid=299_999, **room), Deadlines(seconds, seconds)))


def test_it_sees_its_own_files_and_writes_beside_them():
    said = ran(
        "import os\nprint(open('data/numbers.txt').read(), os.getcwd())\nopen('mine.txt', 'w').write('x')\n"
        "import helper; print(helper.x)",
        files={"data/numbers.txt": b"1 2 3", "helper.py": b"x = 'from helper'"},
    )
    assert "1 2 3 /home/learner" in said
    assert "from helper" in said


def test_what_it_may_read_is_there_in_tmp_too():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # as a course that was cloned there
        Path(folder).chmod(0o755)
        Path(folder, "numbers.txt").write_text("1 2 3")
        name = f"{folder}/numbers.txt"
        said = ran(f"print(open({name!r}).read())\nopen({name!r}, 'a')", readable=(Path(folder),))
        assert "1 2 3" in said
        assert "Read-only file system" in said or "Permission denied" in said
        assert Path(name).read_text() == "1 2 3"


def test_it_has_no_rights_and_no_company():
    said = ran(
        "import os\nprint([p for p in os.listdir('/proc') if p.isdigit()], os.getuid())\n"
        "print([l for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp:'))])"
    )
    assert "['1']" in said
    assert f"{299_999 if IS_ROOT else os.getuid()}" in said
    assert said.count("0000000000000000") == 2
    assert "Seccomp:\\t2" in said
    assert "NoNewPrivs:\\t1" in said


def test_two_processes_of_a_submission_may_talk():
    said = ran(
        f"open('two.py', 'w').write({TWO_PROCESSES!r})\nimport subprocess, sys\n"
        "done = subprocess.run([sys.executable, 'two.py'], capture_output=True, text=True)\nprint(done.stdout, done.stderr)",
        seconds=240,
    )
    assert "[0, 0]" in said


def test_pools_of_processes_work():
    said = ran(
        "import math\nfrom joblib import Parallel, delayed\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "print(Parallel(n_jobs=2)(delayed(math.sqrt)(i) for i in (1, 4)))\n"
        "with ProcessPoolExecutor(2) as pool: print(list(pool.map(math.sqrt, [9, 16])))"
    )
    assert "[1.0, 2.0]" in said
    assert "[3.0, 4.0]" in said


TOGETHER = """
import os, time
{before}
for _ in range(8):
    if os.fork() == 0:
        {each}
        time.sleep(60)
time.sleep({seconds})
print("went on")
"""


def test_memory_is_counted_for_all_processes_together():
    source = TOGETHER.format(before="", each="x = b'x' * 200_000_000", seconds=60)
    steps = [Step(0, source=source), Step(1, source="print('the rest')")]
    seen = run(steps, Room(uid=299_999, limits=Limits(memory_bytes=2**30)), Deadlines(90, 120))
    assert "with all that it started, it had more than 1,024 MB in memory, in cell 1" in seen.events[0]
    assert "went on" not in text(seen)
    assert text(seen, 1) == "the rest\n"


@pytest.mark.parametrize("each", ["bytearray(2 ** 20)", "bytearray(2 ** 28)"])
def test_one_process_that_takes_too_much_meets_an_error_in_its_own_cell(each):
    """Not an end in a later cell, which would cost what that one had to say, such as that the memory is free again."""
    greedy = f"kept = []\nwhile True: kept.append({each})"
    steps = [Step(0, source=greedy), Step(1, source="import time; time.sleep(1)\nkept = None; print('the rest')")]
    seen = run(steps, Room(uid=299_997, limits=Limits(memory_bytes=2**30)), Deadlines(90, 120))
    assert seen.events == []
    assert "MemoryError" in str(seen.outputs[0])
    assert text(seen, 1) == "the rest\n"


@pytest.mark.skipif(not IS_ROOT, reason="tells its processes from others by their user")
def test_nothing_of_it_is_there_when_its_grade_is():
    """Neither running nor dead: two gigabytes take a moment to be given back."""
    source = TOGETHER.format(before="", each="x = b'x' * 250_000_000", seconds=60)
    run([Step(0, source=source)], Room(uid=299_998), Deadlines(3, 3))
    left = [p.read_text() for p in Path("/proc").glob("[0-9]*/status") if p.exists()]
    assert not [status for status in left if "\nUid:\t299998" in status]


def test_memory_that_processes_share_counts_once():
    source = TOGETHER.format(before="x = b'x' * 300_000_000", each="pass", seconds=2)
    assert "went on" in ran(source, limits=Limits(memory_bytes=2**30))


def test_what_the_last_one_left_is_gone():
    ran("open('/tmp/left', 'w').close(); open('left', 'w').close(); open('/dev/shm/left', 'w').close()")
    said = ran("import os; print([os.path.exists(p) for p in ('/tmp/left', 'left', '/dev/shm/left')])")
    assert "[False, False, False]" in said


def test_the_seed_decides_what_is_random():
    source = "import random, torch, numpy\nprint(random.random(), torch.rand(1), numpy.random.rand(), hash('x'))"
    assert ran(source, seed=1) == ran(source, seed=1) != ran(source, seed=2)


def test_without_a_sandbox_the_same_comes_out(tmp_path):
    task = find_task("predict")
    steps = [
        Step(0, source="import torch\nfrom course_lib.evaluation import evaluation_mode\nimport course_lib"),
        Step(1, source=solution_code("predict")),
        Step(2, task="predict", cases=tuple(task.cases("secret"))),
    ]
    for room in (Room(uid=299_999), Room(shut=False, folder=str(tmp_path))):
        seen = run(steps, room, Deadlines(60, 120))
        assert judge_wires(task, seen.tries["predict"][0].wires, "secret").share == 1


@pytest.fixture
def as_anybody():
    """Run a command as a user who owns nothing, and sees this Python also where it lies in root's home."""
    if not IS_ROOT or not shutil.which("setpriv"):
        pytest.skip("needs root, to become somebody else")
    home = Path(sys.base_prefix).parts[1]
    prefix = f"/{home}" if home == "root" else ""
    show = (
        f"mkdir -p /run/py && mount --bind {sys.base_prefix} /run/py && mount -t tmpfs -o mode=755 tmpfs {prefix} && "
        f"mkdir -p {sys.base_prefix} && mount --bind /run/py {sys.base_prefix} && "
    )
    become = "setpriv --reuid 12345 --regid 12345 --clear-groups env HOME=/tmp"

    def call(*command: str, first: str = "", become: str = become) -> subprocess.CompletedProcess:
        script = f'{show if prefix else ""}{first} exec {become} "$@"'
        whole = ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", *command]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(whole, capture_output=True, text=True, timeout=300, env=environment, cwd="/tmp")

    return call


CODE = """
from course_lib.classroom.grading.child import Room
from course_lib.classroom.grading.plan import *
source = '''
import os, socket
print("uid", os.getuid(), [p for p in os.listdir("/proc") if p.isdigit()], os.path.exists({root!r} + "/lessons"))
try: socket.create_connection(("1.1.1.1", 80), 2)
except OSError as e: print(e)
try: open("/usr/x", "w")
except OSError as e: print(e)
'''
print(run([Step(0, source=source)], Room(), Deadlines(60, 60)).outputs)
""".replace("{root!r}", repr(str(ROOT)))


def test_anybody_can_shut_a_submission_in(as_anybody):
    done = as_anybody(sys.executable, "-c", CODE)
    assert "uid 12345 ['1'] False" in done.stdout, done.stderr[-2000:]
    assert "unreachable" in done.stdout
    assert "Read-only" in done.stdout


def test_a_system_without_namespaces_is_refused(as_anybody):
    none_left = "unshare -U --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec \"$@\"' sh"
    done = as_anybody(sys.executable, "-c", CODE, become=none_left)
    assert done.returncode != 0
    assert "NoSandboxError" in done.stderr
    assert "--no-sandbox" in done.stderr
