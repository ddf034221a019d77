"""The decisions of supervision: pure functions of state, fixes and time. `limits` holds every number."""

from ansimnet.slices.supervision.rules.limits import RULE_VERSION
from ansimnet.slices.supervision.rules.replay import replay

__all__ = ["RULE_VERSION", "replay"]
