# %%
from course_lib.classroom import begin, finish

begin("start_here")

# %% [markdown]
# You can train a network. This course is about what comes next, and what goes wrong there without a word: measuring
# how good it is, saving it, and getting the same model back.
#
# What a lesson says about PyTorch, a cell shows, and you can run it. Each lesson breaks something on purpose, shows you
# the damage in a number, and then the guard.
#
# ## Learn: is this machine ready?
#
# The next cell looks at your Python, the packages, the device and the folder where your progress is kept. If
# something is wrong it says so, with the command that mends it.

# %%
from course_lib.classroom.doctor import examine, report

print(report(examine()))

# %% [markdown]
# You need no GPU and no network: the lessons run on a laptop, offline.
#
# ## Why: a first silent failure
#
# Two models. Both have been tested on the same 1,000 patients, 20 of whom are ill.

# %%
ill = [True] * 20 + [False] * 980
careful = [True] * 17 + [False] * 3 + [True] * 40 + [False] * 940
lazy = [False] * 1000

for name, says in {"careful": careful, "lazy": lazy}.items():
    right = sum(a == b for a, b in zip(says, ill))
    found = sum(a and b for a, b in zip(says, ill))
    print(f"{name}: accuracy {right / 1000:.3f}, ill patients found: {found} of 20")
    assert (right, found) == {"careful": (957, 17), "lazy": (980, 0)}[name]

# %% [markdown]
# The lazy model finds nobody and has the better accuracy. No error, no warning, a fine number: a silent failure. Each
# lesson from the next on breaks at least two things in this way.
#
# ## Practise: a first check
#
# Exercises are checked at once. You write a function that keeps a contract, numbered clauses; `check` tries it on
# several cases and says what it saw. Here is one to play with. Run it as it is, then write it and run it again:
#
# 1. `says` and `ill` are lists of booleans, one entry a patient;
# 2. it returns the share of the ill that the model found, from 0 to 1;
# 3. if nobody is ill it returns `float("nan")`, because there is no share.


# %%
def found_of_the_ill(says, ill):
    """The share of the ill that the model found, from 0 to 1; nan if nobody is ill."""
    raise NotImplementedError("Replace this line with your code.")


# %%
from course_lib.classroom import check, hint, solution

check(found_of_the_ill)

# %% [markdown]
# Stuck? `hint(found_of_the_ill)` gives one hint at a time, first the one that fits your last verdict.
# `solution(found_of_the_ill)` shows one way to do it. Nobody counts.
#
# ## Quiz: a first one
#
# Choose an answer and press Check. Every option is explained, the right ones and the wrong ones. It works by keyboard
# as well: Tab moves, the space bar presses.

# %%
from course_lib.classroom import quiz

quiz("start_here", n=2)

# %% [markdown]
# ## Explore: a first explorer
#
# A picture that follows a switch or a slider. This one is from the next lesson: a model has two switches that are easily
# taken for one. Turn them, and see which part of the picture answers.

# %%
from course_lib.lessons.eval_mode import switchboard

switchboard()

# %% [markdown]
# ## Ten ways of learning the same thing
#
# You have met five: Why, Learn, Explore, Practise and Quiz. From the next lesson on each has all ten, under these names.
# Use those that suit you, in the order that suits you.
#
# | | |
# |---|---|
# | **Why** | a failure that hurts, live, before any theory |
# | **Predict** | commit to an answer before you run the cell that gives it |
# | **Learn** | the idea, in words and small cells |
# | **Trace** | step through a real run, stage by stage |
# | **Explore** | a switch or a slider, and what follows from it |
# | **Break it** | code that raises nothing and is wrong, made visible, then guarded |
# | **Practise** | small tasks on the way, graded exercises at the end; with checks, hints and solutions |
# | **Quiz** | questions with every option explained, and a mastery test |
# | **Recall** | flashcards that come back when they are due |
# | **Recap** | one page to keep |
#
# ## Your dashboard
#
# What you have opened, read, solved and answered, and what to do next. It is kept in a file on this machine and goes
# nowhere else.

# %%
from course_lib.classroom import dashboard

dashboard()

# %%
finish("start_here")
