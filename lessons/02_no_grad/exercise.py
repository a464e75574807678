# %% [markdown]
# TODO: one sentence. The tasks rise in order; each stands alone.

# %%
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `saved_bytes(number)`:
#
# 1. it returns twice the number.


# %% solution="saved_bytes"
def saved_bytes(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="saved_bytes"
check(saved_bytes)

# %% [markdown]
# ## 2. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `embed(number)`:
#
# 1. it returns twice the number.


# %% solution="embed"
def embed(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="embed"
check(embed)

# %% [markdown]
# ## 3. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `leak_free_loss(number)`:
#
# 1. it returns twice the number.


# %% solution="leak_free_loss"
def leak_free_loss(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="leak_free_loss"
check(leak_free_loss)

# %% [markdown]
# ## 4. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `choose_modes(number)`:
#
# 1. it returns twice the number.


# %% solution="choose_modes"
def choose_modes(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="choose_modes"
check(choose_modes)
