# task: threshold_for_recall
# verdict: passed
# message: at no higher score
from fractions import Fraction


def threshold_for_recall(scores, targets, *, recall):
    """Walks down the sorted patients with whole numbers and exact fractions."""
    wanted, ill = Fraction(str(recall)), int(sum(targets))
    if ill == 0 or not 0 < wanted <= 1:
        raise ValueError("needs ill patients, and a share")
    found = 0
    for score, target in sorted(zip(scores.tolist(), targets.tolist()), reverse=True):
        found += target
        if Fraction(found, ill) >= wanted:
            return score
