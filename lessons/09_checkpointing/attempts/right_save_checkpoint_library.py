# task: save_checkpoint
# verdict: passed
# message: at every moment
from course_lib.checkpoints import save_file


def save_checkpoint(checkpoint, path):
    return save_file(checkpoint, path)
