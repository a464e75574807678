# task: found_of_the_ill
# verdict: passed
# message: recall

import numpy as np
from sklearn.metrics import recall_score


def found_of_the_ill(says, ill):
    """scikit-learn takes the truth first."""
    return recall_score(ill, says, zero_division=np.nan)
