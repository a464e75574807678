"""Lesson 11: a GPU's checkpoint on any machine."""

from course_lib.lessons.device_mapping.explorer import device_map
from course_lib.lessons.device_mapping.on_a_gpu import (
    attempt,
    cuda_build_without_a_gpu,
    cuda_is_available,
    gpu_files,
    landing,
    one_step,
    tagged,
    train,
)
from course_lib.lessons.device_mapping.trace import trace_devices

__all__ = [
    "attempt",
    "cuda_build_without_a_gpu",
    "cuda_is_available",
    "device_map",
    "gpu_files",
    "landing",
    "one_step",
    "tagged",
    "trace_devices",
    "train",
]
