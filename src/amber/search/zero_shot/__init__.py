"""Zero-shot search: one policy learns from several data sets, and proposes architectures for one it has not seen.

After AMBIENT (Zhang et al. 2021): the policy is conditioned on a vector that describes the data set.
"""

from amber.search.zero_shot.policy import ZeroShotPolicy
from amber.search.zero_shot.training import ZeroShotResult, ZeroShotTask, train_zero_shot

__all__ = ["ZeroShotPolicy", "ZeroShotResult", "ZeroShotTask", "train_zero_shot"]
