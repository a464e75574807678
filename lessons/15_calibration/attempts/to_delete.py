# %% right: the threshold · message: "Deleted is what is spam"
def to_delete(probs, *, alarm, miss):
    return probs > alarm / (alarm + miss)


# %% right: one mail after the other · message: "Deleted is what is spam"
def to_delete(probs, *, alarm, miss):
    """The odds of spam against the ratio of the costs."""
    return [bool(p * miss - (1 - p) * alarm > 0) for p in probs]


# %% wrong: the costs swapped · clause 1 · message: "the two costs are swapped"
def to_delete(probs, *, alarm, miss):
    return probs > miss / (alarm + miss)


# %% wrong: one half by habit · clause 1 · message: "one half by habit"
def to_delete(probs, *, alarm, miss):
    return probs > 0.5


# %% wrong: deletes where both are equal · clause 2 · message: "nothing is to be deleted"
def to_delete(probs, *, alarm, miss):
    return (1 - probs) * alarm <= probs * miss


# %% wrong: the dearer one · clause 1 · message: "the other way round"
def to_delete(probs, *, alarm, miss):
    return (1 - probs) * alarm > probs * miss


# %% wrong: the ratio in place of the share · clause 1 · message: "costs"
def to_delete(probs, *, alarm, miss):
    return probs > alarm / miss


# %% wrong: one answer for all · clause 1 · message: "booleans, one for each mail"
def to_delete(probs, *, alarm, miss):
    return bool(probs.mean() * miss > (1 - probs.mean()) * alarm)


# %% wrong: the ratio of the costs · clause 1 · message: "the ratio of the costs"
def to_delete(probs, *, alarm, miss):
    return probs * miss > alarm
