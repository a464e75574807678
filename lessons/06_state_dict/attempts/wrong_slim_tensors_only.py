# task: slim
# verdict: failed
# message: has no attribute 'untyped_storage'
def slim(state_dict):
    return {
        k: v.clone() if v.untyped_storage().nbytes() > v.nbytes else v
        for k, v in state_dict.items()
    }
