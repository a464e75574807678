"""Is the model that was loaded the model that was saved, and if not, why?

`snapshots` records what a model says, `reload` compares before and after, `diseases` names what ails a reload.
"""

from course_lib.verification.reload import Check, Diagnosis, Report, diagnose, verify_reload
from course_lib.verification.snapshots import model_fingerprint, take_snapshot

__all__ = ["Check", "Diagnosis", "Report", "diagnose", "model_fingerprint", "take_snapshot", "verify_reload"]
