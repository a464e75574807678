# task: snapshot_best
# verdict: failed
# message: Expected the state_dict of the best epoch; got
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model)
    return best
