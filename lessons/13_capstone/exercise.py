# %% [markdown]
# TODO: one sentence. The tasks rise in order; each stands alone.

# %%
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `split_indices(number)`:
#
# 1. it returns twice the number.


# %% solution="split_indices"
def split_indices(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="split_indices"
check(split_indices)

# %% [markdown]
# ## 2. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `train_and_checkpoint(number)`:
#
# 1. it returns twice the number.


# %% solution="train_and_checkpoint"
def train_and_checkpoint(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="train_and_checkpoint"
check(train_and_checkpoint)

# %% [markdown]
# ## 3. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `best_checkpoint(number)`:
#
# 1. it returns twice the number.


# %% solution="best_checkpoint"
def best_checkpoint(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="best_checkpoint"
check(best_checkpoint)

# %% [markdown]
# ## 4. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `load_verified(number)`:
#
# 1. it returns twice the number.


# %% solution="load_verified"
def load_verified(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="load_verified"
check(load_verified)

# %% [markdown]
# ## 5. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `test_report(number)`:
#
# 1. it returns twice the number.


# %% solution="test_report"
def test_report(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="test_report"
check(test_report)

# %% [markdown]
# ## 6. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `model_card(number)`:
#
# 1. it returns twice the number.


# %% solution="model_card"
def model_card(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="model_card"
check(model_card)
