"""Sagas: one long transaction over several actors, taken step by step or taken back."""

from .definition import saga
from .replies import RetryCompensation
from .step import Step

__all__ = ["RetryCompensation", "Step", "saga"]
