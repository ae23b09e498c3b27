"""The card, its driver, and what else the numbers depend on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

_ASKED = ("name", "driver_version", "memory.total", "memory.used", "utilization.gpu", "power.limit", "clocks.max.sm")


def is_there() -> bool:
    """Whether torch sees a CUDA device."""
    import torch

    return torch.cuda.is_available()


def described() -> dict[str, Any]:
    """Returns what torch and the driver say of the first card, before anything runs on it."""
    import torch

    found: dict[str, Any] = {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if torch.backends.cudnn.is_available() else None,
        "tf32_of_convolutions": torch.backends.cudnn.allow_tf32,
        "tf32_of_products": torch.backends.cuda.matmul.allow_tf32,
        # The control process of CUDA's multi-process service makes this folder.
        "mps": Path(os.environ.get("CUDA_MPS_PIPE_DIRECTORY", "/tmp/nvidia-mps")).exists(),
    }
    if not torch.cuda.is_available():
        return {"name": None, **found}
    properties = torch.cuda.get_device_properties(0)
    capability = f"{properties.major}.{properties.minor}"
    memory = properties.total_memory / 2**20
    return {
        "name": properties.name,
        "memory_mib": round(memory),
        "processors": properties.multi_processor_count,
        "capability": capability,
        **found,
        "driver": _of_driver(),
    }


def _of_driver() -> dict[str, str]:
    """Returns what `nvidia-smi` says of the first visible card; nothing where there is no such command."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0] or "0"
    command = ["nvidia-smi", f"--id={visible}", f"--query-gpu={','.join(_ASKED)}", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = done.stdout.splitlines()
    values = [value.strip() for value in lines[0].split(",")] if lines else []
    return dict(zip(_ASKED, values, strict=False))
