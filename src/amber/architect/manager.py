"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.enas_manager import EnasManager
from amber.compat.managers import DistributedGeneralManager, GeneralManager
from amber.compat.mock import MockManager

DistributedManager = DistributedGeneralManager

__all__ = ["DistributedGeneralManager", "DistributedManager", "EnasManager", "GeneralManager", "MockManager"]
