# task: slim
# verdict: failed
# message: saved, that is a file of
import copy


def slim(state_dict):
    return copy.deepcopy(state_dict)
