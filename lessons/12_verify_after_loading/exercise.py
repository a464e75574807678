# %% [markdown]
# TODO: one sentence. The tasks rise in order; each stands alone.

# %%
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `file_is_intact(number)`:
#
# 1. it returns twice the number.


# %% solution="file_is_intact"
def file_is_intact(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="file_is_intact"
check(file_is_intact)

# %% [markdown]
# ## 2. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `compare_logits(number)`:
#
# 1. it returns twice the number.


# %% solution="compare_logits"
def compare_logits(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="compare_logits"
check(compare_logits)

# %% [markdown]
# ## 3. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `verify_reload(number)`:
#
# 1. it returns twice the number.


# %% solution="verify_reload"
def verify_reload(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="verify_reload"
check(verify_reload)

# %% [markdown]
# ## 4. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `diagnose(number)`:
#
# 1. it returns twice the number.


# %% solution="diagnose"
def diagnose(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="diagnose"
check(diagnose)
