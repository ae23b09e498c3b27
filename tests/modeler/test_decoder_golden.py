"""Decoders against the recorded facts."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from tests.golden_cases import Tally, load

from amber.errors import ArchitectureError
from amber.modeler.architectureDecoder import MultiIOArchitecture, ResConvNetArchitecture

RECORDED: dict[str, Any] = load("decoder")


def check_residual(family: str, case: dict[str, Any], tally: Tally) -> None:
    layers = int(re.findall(r"(\d+)_layers", family)[0])
    decoder = ResConvNetArchitecture([5] * layers)
    operations, skips = decoder.decode(case["arc_seq"])
    assert (operations, skips) == (case["operations"], case["res_con"])
    assert decoder.encode(operations, skips) == case["encoded"]
    assert decoder.decode(np.array(case["arc_seq"])) == (operations, skips)
    tally.check("decoder")


def check_multi_io(case: dict[str, Any], tally: Tally) -> None:
    decoder = MultiIOArchitecture(case["num_layers"], case["num_inputs"], case["num_outputs"])
    operations, inputs, skips, outputs = decoder.decode(case["arc_seq"])
    assert operations == case["operations"]
    assert inputs.tolist() == case["inputs"] and list(inputs.shape) == case["inputs_shape"]
    assert skips == case["skips"]
    assert outputs.tolist() == case["outputs"] and list(outputs.shape) == case["outputs_shape"]
    assert decoder.encode(operations, inputs, skips, outputs) == case["arc_seq"]
    tally.check("decoder")


def check_wrong_length(decoder: Any, case: dict[str, Any], tally: Tally) -> None:
    """Length and bits are checked before anything is read; the original read some wrong ones silently (A7)."""
    if len(case["arc_seq"]) == len(decoder.layout):
        bits = case["inputs"] + case["skips"] + case["outputs"]
        assert any(bit > 1 for row in bits for bit in row), f"neither length nor bits are wrong: {case}"
    with pytest.raises(ArchitectureError, match="Received"):
        decoder.decode(case["arc_seq"])
    if "error" in case:
        tally.check("decoder")
    else:
        tally.supersede("decoder", "A7 length and bits are validated")


def walk() -> list[tuple[str, dict[str, Any]]]:
    return [
        (family, case) for family, cases in RECORDED.items() for case in (cases if isinstance(cases, list) else [cases])
    ]


@pytest.mark.parametrize(("family", "case"), walk())
def test_golden_decoder(family: str, case: dict[str, Any], tally: Tally) -> None:
    if re.fullmatch(r"ResConvNetArchitecture_\d+_layers", family):
        check_residual(family, case, tally)
    elif family == "MultiIOArchitecture":
        check_multi_io(case, tally)
    elif family.startswith("MultiIOArchitecture("):
        numbers = [int(n) for n in re.findall(r"\d+", family.split(")")[0])]
        check_wrong_length(MultiIOArchitecture(*numbers), case, tally)
    elif family.startswith("ResConvNetArchitecture short arc"):
        tokens = [int(n) for n in re.findall(r"\d+", re.findall(r"\[(.*)\]", family)[0])]
        layers = int(re.findall(r"for (\d+) layers", family)[0])
        check_wrong_length(ResConvNetArchitecture([5] * layers), {"arc_seq": tokens, **case}, tally)
    elif family == "encode_exists":
        # Rule D: users asked for structured encode; every decoder has it now.
        assert hasattr(ResConvNetArchitecture, "encode") and hasattr(MultiIOArchitecture, "encode")
        tally.supersede("decoder", "D encode exists for every decoder")
    else:
        pytest.fail(f"a family nobody checks: {family}")
