# %% [markdown]
# A rehearsal: one small task, to see how checking, handing in and feedback work. Five minutes.

# %%
from course_lib.classroom import check, hint, solution

# %% [markdown]
# ## How many did it find? (5 minutes)
#
# Write `found_of_the_ill(says, ill)`:
#
# 1. `says` and `ill` are lists of booleans, one entry a patient: what the model says, and what is true;
# 2. it returns the share of the ill that the model found, a number from 0 to 1;
# 3. if nobody is ill it returns `float("nan")`, because there is no share.


# %% solution="found_of_the_ill"
def found_of_the_ill(says, ill):
    """The share of the ill that the model found, from 0 to 1; nan if nobody is ill."""
    ### BEGIN SOLUTION
    if not any(ill):
        return float("nan")
    return sum(s and i for s, i in zip(says, ill)) / sum(ill)
    ### END SOLUTION


# %% check="found_of_the_ill"
check(found_of_the_ill)
