# %% [markdown]
# TODO: one sentence. The tasks rise in order; each stands alone.

# %%
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `reliability(number)`:
#
# 1. it returns twice the number.


# %% solution="reliability"
def reliability(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="reliability"
check(reliability)

# %% [markdown]
# ## 2. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `fit_temperature(number)`:
#
# 1. it returns twice the number.


# %% solution="fit_temperature"
def fit_temperature(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="fit_temperature"
check(fit_temperature)

# %% [markdown]
# ## 3. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `bayes_threshold(number)`:
#
# 1. it returns twice the number.


# %% solution="bayes_threshold"
def bayes_threshold(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="bayes_threshold"
check(bayes_threshold)

# %% [markdown]
# ## 4. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `multiclass_auc(number)`:
#
# 1. it returns twice the number.


# %% solution="multiclass_auc"
def multiclass_auc(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="multiclass_auc"
check(multiclass_auc)
