# task: snapshot_best
# verdict: failed
# message: the model was left with them
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    model.load_state_dict(best)
    return best
