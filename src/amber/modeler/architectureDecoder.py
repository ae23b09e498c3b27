"""The module path users of the first AMBER know; nothing else lives here."""

from amber.modeler.architecture_decoder import MultiIOArchitecture, ResConvNetArchitecture, get_decoder

__all__ = ["MultiIOArchitecture", "ResConvNetArchitecture", "get_decoder"]
