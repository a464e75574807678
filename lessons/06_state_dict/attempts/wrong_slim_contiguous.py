# task: slim
# verdict: failed
# message: saved, that is a file of
def slim(state_dict):
    return {k: v.contiguous() if hasattr(v, "contiguous") else v for k, v in state_dict.items()}
