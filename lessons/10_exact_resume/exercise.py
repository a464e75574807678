# %% [markdown]
# TODO: one sentence. The tasks rise in order; each stands alone.

# %%
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `capture_state(number)`:
#
# 1. it returns twice the number.


# %% solution="capture_state"
def capture_state(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="capture_state"
check(capture_state)

# %% [markdown]
# ## 2. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `restore_state(number)`:
#
# 1. it returns twice the number.


# %% solution="restore_state"
def restore_state(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="restore_state"
check(restore_state)

# %% [markdown]
# ## 3. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `resume_is_exact(number)`:
#
# 1. it returns twice the number.


# %% solution="resume_is_exact"
def resume_is_exact(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="resume_is_exact"
check(resume_is_exact)

# %% [markdown]
# ## 4. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `resume_mended(number)`:
#
# 1. it returns twice the number.


# %% solution="resume_mended"
def resume_mended(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="resume_mended"
check(resume_mended)
