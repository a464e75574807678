# task: snapshot_best
# verdict: failed
# message: Expected the state_dict of the best epoch; got NoneType
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = 0.0, None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best
