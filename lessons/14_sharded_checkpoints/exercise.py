# %% [markdown]
# TODO: one sentence. The tasks rise in order; each stands alone.

# %%
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `shard_plan(number)`:
#
# 1. it returns twice the number.


# %% solution="shard_plan"
def shard_plan(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="shard_plan"
check(shard_plan)

# %% [markdown]
# ## 2. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `save_sharded(number)`:
#
# 1. it returns twice the number.


# %% solution="save_sharded"
def save_sharded(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="save_sharded"
check(save_sharded)

# %% [markdown]
# ## 3. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `load_resharded(number)`:
#
# 1. it returns twice the number.


# %% solution="load_resharded"
def load_resharded(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="load_resharded"
check(load_resharded)

# %% [markdown]
# ## 4. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `to_plain_file(number)`:
#
# 1. it returns twice the number.


# %% solution="to_plain_file"
def to_plain_file(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="to_plain_file"
check(to_plain_file)
