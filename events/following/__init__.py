"""A log while it grows: followers, the callbacks and subscriptions made of them, and what followers
of one log share.
"""

from .calling import Calling
from .follower import Batch, Follower
from .latest import PIECE
from .subscription import Subscription, Subscriptions, SubscriptionStatus

__all__ = [
    "PIECE",
    "Batch",
    "Calling",
    "Follower",
    "Subscription",
    "SubscriptionStatus",
    "Subscriptions",
]
