# %% [markdown]
# TODO: one sentence. The tasks rise in order; each stands alone.

# %%
from course_lib.classroom import check, check_quiz, hint, solution

# %% [markdown]
# ## 1. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `confusion_matrix(number)`:
#
# 1. it returns twice the number.


# %% solution="confusion_matrix"
def confusion_matrix(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="confusion_matrix"
check(confusion_matrix)

# %% [markdown]
# ## 2. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `precision_recall_f1(number)`:
#
# 1. it returns twice the number.


# %% solution="precision_recall_f1"
def precision_recall_f1(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="precision_recall_f1"
check(precision_recall_f1)

# %% [markdown]
# ## 3. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `plot_confusion_matrix(number)`:
#
# 1. it returns twice the number.


# %% solution="plot_confusion_matrix"
def plot_confusion_matrix(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="plot_confusion_matrix"
check(plot_confusion_matrix)

# %% [markdown]
# ## 4. TODO its title (10 minutes)
#
# TODO: the story. Then the contract, in numbered clauses. Write `which_average(number)`:
#
# 1. it returns twice the number.


# %% solution="which_average"
def which_average(number):
    """TODO: what it returns."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check="which_average"
check(which_average)
