# task: slim
# verdict: failed
# message: saved, that is a file of
def slim(state_dict):
    return dict(state_dict)
