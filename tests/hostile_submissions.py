"""Submissions that want points they didn't earn, what isn't theirs, or harm: one small notebook each.

`{repo}`, `{course}` and `{lessons}` are the real places on this machine; a cell that reaches one prints REACHED. Where
nothing else is said, such a submission hands in no answers and earns nothing.
"""

from dataclasses import dataclass, field

HELPERS = """
import builtins, ctypes, glob, json, os, re, signal, socket, subprocess, sys, threading, time
from pathlib import Path
ROOTS = ["{repo}", "{course}", "{lessons}"]
def reached(what): print("REACHED", what)
def use(text):
    for block in re.findall(r"### BEGIN SOLUTION\\n(.*?)### END SOLUTION", text, re.S): reached("a solution")
def children():
    return [int(p) for p in os.listdir("/proc") if p.isdigit()] if os.path.isdir("/proc") else []
"""
ANY = "\n".join(
    f"def {name}(*a, **k): return None" for name in ("evaluation_mode", "stays_random", "freeze_batch_norm", "predict")
)
FORGER = """
from course_lib.classroom.tasks.observation import Observation, encode
forged = encode(Observation(value=[1.0], type="list", also={{"flags": [], "statistics": [], "training": True}}))
"""


@dataclass(frozen=True)
class Kind:
    """A kind of submission.

    Attributes:
        cells: code put in front of everything.
        right: whether the answers are right ones too, so that they must earn what they are worth.
        score: what it must earn, or the most that it may.
        files: further files of the folder, by name.
        links: symbolic links, name -> target.
        metadata: what becomes of the nbgrader metadata of every graded cell.
        text: a text cell and a raw one in front of everything.
        student: what its folder is called, if that is a part of the trick.
        archived: further files, all of them in a .zip with the notebook.
    """

    cells: tuple[str, ...] = ()
    right: bool = False
    score: float = 0
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    metadata: dict | None = None
    text: str = ""
    student: str = ""
    archived: dict[str, str] = field(default_factory=dict)


def kind(*cells: str, **more) -> Kind:
    return Kind(tuple(cells), **more)


READS = {
    "the worked solutions": kind('for p in glob.glob("{lessons}/*/exercise.py"): use(open(p).read())'),
    "the source of the exercise": kind(
        'for p in glob.glob("{course}/source/**/*.ipynb", recursive=True): use(json.dumps(json.load(open(p))))'
    ),
    "solution_code()": kind(
        "from course_lib.classroom.tasks.checking import solution_code\n"
        'for t in ("evaluation_mode", "stays_random", "predict"):\n    exec(solution_code(t)); reached(t)'
    ),
    "the key of the quiz": kind(
        "from course_lib.classroom.quizzes.bank import load_bank\n"
        "from course_lib.classroom.quizzes.marking import typed_key\n"
        'bank = load_bank(Path("{lessons}/01_eval_mode/graded_quiz.yaml")).questions\n'
        "for i, q in enumerate(bank, 1): globals()[f'q{{i}}'] = typed_key(q); reached('a key')"
    ),
    "a neighbour's submission": kind(
        'for p in glob.glob("{course}/submitted/*/*/*.ipynb") + glob.glob("{course}/autograded/*/*/*.ipynb"):\n'
        "    for c in json.load(open(p))['cells']:\n        reached(p)"
    ),
    "the gradebook": kind(
        'import sqlite3\nif os.path.exists("{course}/gradebook.db"): reached("the gradebook")\n'
        'sqlite3.connect("{course}/gradebook.db").execute("update grade set auto_score=5")'
    ),
    "the secret in its file": kind('print(open("{course}/grading_secret.txt").read()); reached("the secret")'),
    "the secret in the environment": kind(
        'if [k for k in os.environ if "SECRET" in k]: reached("a secret")\n'
        'if b"SECRET" in open("/proc/self/environ", "rb").read(): reached("a token of the instructor")'
    ),
    "other processes": kind(
        "for p in children():\n"
        "    for f in ('environ', 'cmdline', 'maps'):\n"
        "        text = open(f'/proc/{{p}}/{{f}}', 'rb').read()\n"
        "        if b'nbgrader' in text or b'course grade' in text or b'gradebook' in text: reached(text)"
    ),
    "anywhere on the disk": kind(
        "for d, _, files in os.walk('/'):\n"
        "    for f in files:\n"
        "        if f in ('gradebook.db', 'graded_quiz.yaml', 'nbgrader_config.py', 'exercise.py', 'grading_secret.txt'):\n"
        "            if not d.startswith('/home/learner') and 'site-packages' not in d: reached(d + f)"
    ),
    "descriptors it was left": kind(
        "for f in os.listdir('/proc/self/fd'):\n"
        "    target = os.readlink(f'/proc/self/fd/{{f}}')\n"
        "    if target.startswith('/') and not target.startswith(('/dev', '/home/learner', '/tmp')):\n"
        "        if target != f'/proc/{{os.getpid()}}/fd': reached(target)"
    ),
    "the frames above": kind(
        "def predict(model, images, *, batch_size=64):\n"
        "    f = sys._getframe()\n"
        "    while f:\n"
        "        for n, v in f.f_locals.items():\n"
        "            if 'secret' in n: reached(n)\n"
        "        f = f.f_back\n"
    ),
    "the network": kind(
        "for host in ('1.1.1.1', '10.0.2.2', '169.254.169.254'):\n"
        "    try: socket.create_connection((host, 80), 1).close(); reached(host)\n"
        "    except OSError: pass"
    ),
    "services of this machine": kind(
        "for port in (22, 80, 443, 5432, 8000, 8888, {port}):\n"
        "    try: socket.create_connection(('127.0.0.1', port), 1).close(); reached(port)\n"
        "    except OSError: pass"
    ),
    "a link to the source": kind(links={"solution.ipynb": "{course}/source/01_eval_mode/01_eval_mode.ipynb"}),
    "a link as the notebook": kind(links={"01_eval_mode.ipynb": "{course}/source/01_eval_mode/01_eval_mode.ipynb"}),
    "links to what isn't its own": kind(
        "for n in ('key.txt', 'passwd.txt', 'zero'):\n    print(open(n).read(9)); reached(n)",
        links={"key.txt": "{lessons}/01_eval_mode/graded_quiz.yaml", "passwd.txt": "/etc/passwd", "zero": "/dev/zero"},
    ),
    "a way out of its room": kind(
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "for p in (1, os.getpid()):\n"
        "    for r in ROOTS:\n"
        "        if os.path.exists(f'/proc/{{p}}/root{{r}}/grading_secret.txt'): reached(p)\n"
        "libc.unshare(0x10000000 | 0x20000); libc.mount(b'none', b'/', None, 1 << 14 | 32, None)\n"
        "os.system('umount -l / ; mount -o remount,rw /usr; touch /usr/x; mknod /tmp/sda b 254 0; head -c 9 /tmp/sda')\n"
        "if os.path.exists('/usr/x') or os.path.exists('/tmp/sda'): reached('the system')\n"
        "for r in ROOTS:\n    if os.path.isdir(r + '/source'): reached(r)"
    ),
}

LIES = {
    "a bundle of our type": kind(
        FORGER + "import base64\nfrom IPython.display import display\n"
        "w = [base64.b64encode(forged).decode()] * 9\n"
        "display({{'application/vnd.course.observations+json': {{'task': 'predict', 'wires': w}}}}, raw=True)",
        ANY,
    ),
    "encode patched": kind(
        FORGER + "import course_lib.classroom.tasks.observation as o\nimport course_lib.classroom.grading.runner as r\n"
        "o.encode = r.encode = lambda seen: forged",
        ANY,
    ),
    "judges patched": kind(
        "from course_lib.classroom.tasks.task import passed, find_task, Task\n"
        "for t in ('evaluation_mode', 'stays_random', 'freeze_batch_norm', 'predict'):\n"
        "    type(find_task(t)).judge = lambda *a: passed()\n"
        "    type(find_task(t)).probe = lambda self, answer, case: answer()",
        ANY,
    ),
    "the shell transformed": kind(
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['5.0\\n'])\n"
        "get_ipython().events.register('pre_run_cell', lambda *a: None)",
        ANY,
    ),
    "comparisons patched": kind(
        "import torch\ntorch.equal = torch.allclose = lambda *a, **k: True\n"
        "import course_lib.classroom.tasks.comparing as c, course_lib.classroom.tasks.inputs as i\n"
        "c.same = c.near_each = lambda *a, **k: True\ni.changed = i.same = lambda *a, **k: []",
        ANY,
    ),
    "builtins replaced": kind("builtins.isinstance = lambda *a: True\nbuiltins.len = lambda x: 0", ANY),
    "equal to everything": kind(
        "class Yes(float):\n"
        "    __eq__ = __le__ = __ge__ = __lt__ = __gt__ = lambda *a: True\n    __hash__ = float.__hash__\n"
        "def predict(*a, **k): return Yes(1)\ndef stays_random(*a): return Yes(1)"
    ),
    "numbers printed": kind("print(5.0)\n5.0", ANY, "float('inf')", metadata={"points": 1000}),
    "a quiz of another lesson": kind("from course_lib.classroom import check_quiz\ncheck_quiz('no_grad', q1='A')"),
    "a course_lib of its own": kind(
        "import importlib, course_lib\nprint(course_lib.__file__)",
        ANY,
        files={
            "course_lib/__init__.py": "raise SystemExit",
            "course_lib/classroom/__init__.py": "",
            "course_lib/lessons/eval_mode/tasks/predict.py": "judge = None",
            "torch.py": "equal = lambda *a: True",
            "sitecustomize.py": "import os; os.system('touch /tmp/hostile-marker')",
        },
    ),
    "words in the grader's pipe": kind(
        "message = json.dumps({{'attempted': True}}).encode()\n"
        "import struct\n"
        "for fd in range(3, 50):\n"
        "    try: os.write(fd, struct.pack('<II', len(message), 0) + message)\n"
        "    except OSError: pass",
        ANY,
    ),
    "an endless message": kind(
        "import struct\n"
        "for fd in range(3, 50):\n"
        "    try: os.write(fd, struct.pack('<II', 2**32 - 1, 2**32 - 1) + b'[' * 60000)\n"
        "    except OSError: pass",
        ANY,
    ),
    "half a message": kind(
        "import struct\n"
        "for fd in range(3, 50):\n"
        "    try: os.write(fd, struct.pack('<II', 1000, 0) + b'{{')\n"
        "    except OSError: pass\n"
        "time.sleep(1000)"
    ),
    "deep JSON": kind(
        "import struct\nm = b'[' * 200000 + b']' * 200000\n"
        "for fd in range(3, 50):\n"
        "    try: os.write(fd, struct.pack('<II', len(m), 0) + m)\n"
        "    except OSError: pass",
        ANY,
    ),
    "values that break judges": kind(
        "def predict(*a, **k): return 10 ** 400\n"
        "def stays_random(*a):\n    x = []\n    for _ in range(10000): x = [x]\n    return x\n"
        "def freeze_batch_norm(m): raise ValueError('\\ud800' * 100000)\n"
        "class evaluation_mode:\n    def __init__(self, m): pass\n    __enter__ = __exit__ = lambda *a: float('nan')\n"
        "q1 = '\\udc80' * 50; q2 = [[['A']]]; q3 = 10 ** 5000; q4 = object()"
    ),
    "a pickle that runs": kind(
        "class Boom:\n    def __reduce__(self): return os.system, ('touch /tmp/hostile-marker',)\n"
        "    def __repr__(self): raise SystemExit\n"
        "def predict(*a, **k): return [Boom()]\ndef stays_random(*a): return Boom()"
    ),
}

ACTS = """
<script>MARKED()</script> <img src=x onerror=MARKED()> <svg onload=MARKED()><script>MARKED()</script></svg>
<a href="javascript:MARKED()">a</a> [b](javascript:MARKED()) [c](data:text/html,<script>MARKED()</script>) <b onclick=MARKED()>d</b>
[e](JaVaScRiPt:MARKED()) [f](&#106;avascript:MARKED()) <a href="java&#10;script:MARKED()">g</a> ![h](x"onerror="MARKED()) <javascript:MARKED()>

<iframe srcdoc="<script>parent.MARKED()</script>"></iframe><object data="data:text/html,MARKED"></object><embed src=MARKED>
<form action=MARKED><input onfocus=MARKED() autofocus></form><base href=MARKED><meta http-equiv=refresh content="0;url=MARKED">
<style>@import url(MARKED);</style><link rel=stylesheet href=MARKED><p style="background:url(MARKED)">x</p><details ontoggle=MARKED() open>

```mermaid
</pre><script>MARKED()</script>
```

```
<script>MARKED()</script>
```

$</span><script>MARKED()</script>$ and $$<img src=x onerror=MARKED()>$$ \\begin{x}<script>MARKED()</script>\\end{x}

# </h1><script>MARKED()</script>

</div></div></textarea></title></style></script><script>MARKED()</script><!-- --><!--><script>MARKED()</script>
"""
"""What would run in the browser of whoever marks: there it may change every grade."""

HARMS = {
    "daemons that stay": kind(
        "for _ in range(20):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork() == 0:\n"
        "            while True: time.sleep(1)\n"
        "        os._exit(0)\n",
        right=True,
    ),
    "a fork bomb": kind(
        "end = time.time() + 2\n"
        "while time.time() < end:\n"
        "    try:\n        if os.fork() == 0: time.sleep(600); os._exit(0)\n"
        "    except OSError: time.sleep(.01)",
        right=True,
    ),
    "threads without end": kind(
        "try:\n    while True: threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\nexcept RuntimeError: pass",
        right=True,
    ),
    "all the memory": kind("x = []\nwhile True: x.append(bytearray(2 ** 28))", "x = None", right=True),
    "memory of eight processes": kind(
        "for _ in range(8):\n    if os.fork() == 0:\n        x = b'x' * 400_000_000\n        time.sleep(600)\n"
        "while True:\n    try: time.sleep(1)\n    except BaseException: pass",
        right=True,
    ),
    "memory that is shared": kind(
        "import mmap\nx = mmap.mmap(-1, 2 ** 32)\n"
        "while True:\n    try: x.write(b'x' * 2 ** 28)\n    except BaseException: pass",
        right=True,
    ),
    "all the disk": kind(
        "for folder in ('.', '/tmp', '/dev/shm'):\n"
        "    try:\n"
        "        for i in range(9):\n"
        "            with open(f'{{folder}}/big{{i}}', 'wb') as f: [f.write(b'x' * 2**20) for _ in range(200)]\n"
        "    except OSError: pass\n"
        "os.system('rm -f big* /tmp/big* /dev/shm/big*')",
        right=True,
    ),
    "files without end": kind(
        "try:\n    for i in range(10**6): open(f'f{{i}}', 'w').close()\nexcept OSError: pass", right=True
    ),
    "a loop that heeds nothing": kind(
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass", right=True
    ),
    "interrupts switched off": kind(
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\n"
        "time.sleep(10000)",
        right=True,
    ),
    "a loop in an answer": kind(
        "def predict(*a, **k):\n    while True:\n        try: time.sleep(9)\n        except: pass"
    ),
    "many slow cells": kind(*["time.sleep(3)"] * 30),
    "os._exit": kind("os._exit(0)", right=True),
    "a crash": kind("ctypes.string_at(0)", right=True),
    "signals to everybody": kind(
        "for p in [-1, os.getppid(), *children()]:\n"
        "    for s in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):\n"
        "        try: os.kill(p, s)\n"
        "        except OSError: pass",
        right=True,
    ),
    "itself stopped": kind("os.kill(os.getpid(), signal.SIGSTOP); time.sleep(1)", right=True),
    "200 MB printed": kind("for _ in range(2000): print('x' * 100_000)", right=True),
    "50 MB on one line": kind("print('x' * 50_000_000)\n'y' * 50_000_000", right=True),
    "pictures without end": kind(
        "from IPython.display import display\nfor _ in range(3000): display({{'text/html': 'x' * 10_000}}, raw=True)",
        right=True,
    ),
    "scripts for who marks": kind(
        f"acts = {ACTS!r}\n".replace("{", "{{").replace("}", "}}")
        + "from IPython.display import display\nprint(acts)\n"
        "kinds = 'html', 'markdown', 'latex', 'javascript', 'plain'\n"
        "for k in ('image/svg+xml', 'image/png', 'application/javascript', *(f'text/{{k}}' for k in kinds)):\n"
        "    for data in (acts, f'\"><script>MARKED()</script>{{acts}}'): display({{k: data}}, raw=True)\n"
        "    display({{k: acts, 'text/plain': 'x'}}, raw=True, metadata={{k: {{'isolated': True, 'alt': acts}}}})\n",
        f"class MARKED(Exception): pass\nraise MARKED({ACTS!r})".replace("{", "{{").replace("}", "}}"),
        text=ACTS,
        right=True,
    ),
    "its neighbours' work": kind(
        'for p in glob.glob("{course}/submitted/*/*/*.ipynb"): open(p, "w").write("{{}}"); reached(p)\n'
        'for p in glob.glob("{course}/*"): reached(p)'
    ),
    "our own source": kind(
        "import course_lib.classroom.grading.judging as j\nopen(j.__file__, 'a').write('#'); reached(j.__file__)"
    ),
    "files that start up": kind(
        "import site, IPython\n"
        "for p in (Path.home() / '.ipython/profile_default/startup/x.py', Path(site.getusersitepackages()) / 'usercustomize.py',\n"
        "          Path(sys.prefix) / 'lib/python3/site-packages/x.pth', Path(IPython.__file__)):\n"
        "    try:\n"
        "        p.parent.mkdir(parents=True, exist_ok=True); p.write_text('import os; os.system(\"touch /tmp/hostile-marker\")')\n"
        "        if not str(p).startswith('/home/learner'): reached(p)\n"
        "    except OSError: pass\n"
        "open('/tmp/hostile-marker', 'w').close(); open('/dev/shm/hostile-marker', 'w').close()",
        right=True,
    ),
    "metadata of schema 1": kind(metadata={"schema_version": 1}),
    "metadata of schema 99": kind(metadata={"schema_version": 99, "points": "many"}),
    "metadata that is none": kind(metadata={"grade_id": ["a"], "grade": "yes", "solution": 7, "points": []}),
    "one id for all": kind(metadata={"grade_id": "check-predict"}),
    "flags turned": kind("5.0", metadata={"grade": False, "solution": True, "locked": False}),
    "a name that is a pattern": kind(right=True, student="[!.]*"),
    "a name that clears the screen": kind(right=True, student="\x1b[2J\x1b[1A=1"),
    "an archive whose file is a folder, too": kind(
        right=True, archived={"a": "x", "a/b": "x", "c" * 300: "x", "../../d": "x", "/tmp/hostile-marker": "x"}
    ),
    "more files than anybody needs": kind(right=True, files={f"data/{i}.csv": "x" for i in range(4000)}),
    "a timestamp that is none": kind(right=True, files={"timestamp.txt": "the day after tomorrow \x00"}),
}

KINDS = {
    f"{group} {name}": one
    for group, bank in (("reads", READS), ("lies", LIES), ("harms", HARMS))
    for name, one in bank.items()
}
