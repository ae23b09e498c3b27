"""The same networks written by hand in PyTorch, the way one would for speed: channels first, fused update.

Modules have the names of AMBER's layers, so that `copy_weights` can show that the networks are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor, nn
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler

from amber.architect import Architecture
from benchmarks.networks import (
    BLOCK_FEATURES,
    CLASSES,
    DAG_LAYERS,
    LABELS,
    LABELS_INPUT,
    RESIDUAL_FILTERS,
    RESIDUAL_INPUT,
    residual_builder,
)

_DROPOUT = 0.2
_REDUCTION = 4
_KERNEL_SIZES = {0: 4, 1: 8}
_MAX_POOL, _AVERAGE_POOL = 2, 3
_L2 = 5e-7
_MAX_NORM = 0.9


class ResidualCnn(nn.Module):
    """The residual CNN of one architecture.

    Args:
        architecture: operation and skips of every layer.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.operations = tuple(architecture.operations)
        self.skips = [[j for j, bit in enumerate(row) if bit] for row in architecture.skips]
        widths = RESIDUAL_FILTERS
        self.last_of_width = [k for k in range(len(widths) - 1) if widths[k] != widths[k + 1]]
        self.net = nn.ModuleDict()
        self.net["stem_conv_conv"] = _convolution(RESIDUAL_INPUT[1], widths[0], 8)
        self.net["stem_conv_bn"] = _normalisation(widths[0])
        for layer, (token, width) in enumerate(zip(self.operations, widths, strict=True)):
            if token in _KERNEL_SIZES:
                self.net[f"L{layer}_conv"] = _convolution(width, width, _KERNEL_SIZES[token])
                self.net[f"L{layer}_bn"] = _normalisation(width)
            elif token in (_MAX_POOL, _AVERAGE_POOL):
                self.net[f"L{layer}_maxpool_conv"] = _convolution(width, width, 1)
                self.net[f"L{layer}_bn"] = _normalisation(width)
            if layer:
                self.net[f"L{layer}_resBn"] = _normalisation(width)
        for layer in self.last_of_width:
            for source in range(layer + 1):
                if self._is_read_after(source, layer):
                    name = f"pool_at_{layer}_from_{source}"
                    self.net[name] = _convolution(widths[layer], widths[layer + 1], 1)
        self.net["dense"] = nn.Linear(widths[-1], 50)
        self.net["output"] = nn.Linear(50, CLASSES)
        # What AMBER regularises and bounds: the stem and the searched convolutions.
        names = ["stem_conv_conv", *(f"L{layer}_conv" for layer in range(len(widths)))]
        self.bounded = [self.net[name].weight for name in names if name in self.net]

    def _is_read_after(self, source: int, layer: int) -> bool:
        return source == layer or any(source in skips for skips in self.skips[layer + 1 :])

    def forward(self, x: Tensor) -> Tensor:
        """Returns logits for sequences of shape (batch, length, letters)."""
        net = self.net
        x = net["stem_conv_bn"](net["stem_conv_conv"](x.transpose(1, 2)))
        stored: list[Tensor] = []
        for layer, token in enumerate(self.operations):
            x = self._operate(layer, token, x)
            for source in self.skips[layer]:
                x = x + stored[source]
            if layer:
                x = net[f"L{layer}_resBn"](x)
            x = functional.dropout(x, _DROPOUT, self.training)
            stored.append(x)
            if layer in self.last_of_width:
                stored = [self._reduce(layer, source, tensor) for source, tensor in enumerate(stored)]
                x = stored[-1]
        x = functional.dropout(x.mean(2), _DROPOUT, self.training)
        return net["output"](torch.relu(net["dense"](x)))

    def _operate(self, layer: int, token: int, x: Tensor) -> Tensor:
        net = self.net
        if token in _KERNEL_SIZES:
            return torch.relu(net[f"L{layer}_bn"](net[f"L{layer}_conv"](x)))
        if token not in (_MAX_POOL, _AVERAGE_POOL):
            return x
        x = torch.relu(net[f"L{layer}_bn"](net[f"L{layer}_maxpool_conv"](x)))
        # One position before and two after: a pool that pads two on each side, without its first output.
        if token == _MAX_POOL:
            return functional.max_pool1d(x, 4, 1, 2)[:, :, 1:]
        return functional.avg_pool1d(x, 4, 1, 2, count_include_pad=False)[:, :, 1:]

    def _reduce(self, layer: int, source: int, x: Tensor) -> Tensor:
        name = f"pool_at_{layer}_from_{source}"
        if name not in self.net:
            return x
        x = self.net[name](x)
        total = (-x.shape[2]) % _REDUCTION
        return functional.max_pool1d(functional.pad(x, (total // 2, total - total // 2), value=-torch.inf), _REDUCTION)

    def optimizer(self) -> torch.optim.Optimizer:
        """Returns fused Adam; an L2 penalty is weight decay in its gradient."""
        bounded = {id(weight) for weight in self.bounded}
        rest = [parameter for parameter in self.parameters() if id(parameter) not in bounded]
        groups = [{"params": self.bounded, "weight_decay": 2 * _L2}, {"params": rest}]
        return torch.optim.Adam(groups, lr=1e-3, eps=1e-7, fused=True)

    @torch.no_grad()
    def after_update(self) -> None:
        """Bounds the norm of the convolutions along the kernel."""
        for weight in self.bounded:
            norm = weight.norm(dim=2, keepdim=True)
            weight.mul_(norm.clamp(max=_MAX_NORM).div_(norm + 1e-7))

    loss = staticmethod(functional.cross_entropy)

    @staticmethod
    def answer(logits: Tensor) -> Tensor:
        """Returns what the model of AMBER predicts where this one has these logits."""
        return logits.softmax(1)


class Dag(nn.Module):
    """The feed-forward child."""

    def __init__(self) -> None:
        super().__init__()
        widths = [units for units, _, _ in DAG_LAYERS]
        self.net = nn.ModuleDict()
        for number, (units, blocks, earlier) in enumerate(DAG_LAYERS):
            features = BLOCK_FEATURES * len(blocks) + sum(widths[layer] for layer in earlier)
            self.net[f"layer_{number}"] = nn.Linear(features, units)
        self.net["output"] = nn.Linear(widths[-1], 1)
        self.layers = [self.net[f"layer_{number}"] for number in range(len(DAG_LAYERS))]
        self.last = self.net["output"]

    def forward(self, *blocks: Tensor) -> Tensor:
        """Returns the prediction for blocks of shape (batch, features)."""
        outputs: list[Tensor] = []
        for layer, (_, read, earlier) in zip(self.layers, DAG_LAYERS, strict=True):
            parts = [blocks[block] for block in read] + [outputs[number] for number in earlier]
            outputs.append(torch.relu(layer(torch.cat(parts, 1))))
        return self.last(outputs[-1])

    def optimizer(self) -> torch.optim.Optimizer:
        """Returns fused Adam."""
        return torch.optim.Adam(self.parameters(), lr=1e-3, eps=1e-7, fused=True)

    def after_update(self) -> None:
        """Nothing is bounded."""

    loss = staticmethod(functional.mse_loss)

    @staticmethod
    def answer(outputs: Tensor) -> Tensor:
        """Returns the outputs: they are what the model of AMBER predicts."""
        return outputs


class DeepSea(nn.Module):
    """DeepSEA.

    Args:
        width: factor of the numbers of filters and units, as of `reference_network`.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        first, second, third, hidden = (max(1, round(width * units)) for units in (320, 480, 960, 925))
        length = (((LABELS_INPUT[0] - 7) // 4) - 7) // 4 - 7
        self.net = nn.ModuleDict()
        self.net["L0_conv1d"] = nn.Conv1d(LABELS_INPUT[1], first, 8)
        self.net["L3_conv1d"] = nn.Conv1d(first, second, 8)
        self.net["L6_conv1d"] = nn.Conv1d(second, third, 8)
        self.net["L9_dense"] = nn.Linear(length * third, hidden)
        self.net["output"] = nn.Linear(hidden, LABELS)

    def forward(self, x: Tensor) -> Tensor:
        """Returns logits for sequences of shape (batch, length, letters)."""
        net, x = self.net, x.transpose(1, 2)
        for name in ("L0_conv1d", "L3_conv1d"):
            x = functional.dropout(functional.max_pool1d(torch.relu(net[name](x)), 4), 0.2, self.training)
        x = functional.dropout(torch.relu(net["L6_conv1d"](x)), 0.5, self.training)
        # Flattened position by position, so that the rows of the dense layer are those of AMBER's.
        return net["output"](torch.relu(net["L9_dense"](x.transpose(1, 2).flatten(1))))

    def optimizer(self) -> torch.optim.Optimizer:
        """Returns fused Adam."""
        return torch.optim.Adam(self.parameters(), lr=1e-3, eps=1e-7, fused=True)

    def after_update(self) -> None:
        """Nothing is bounded."""

    loss = staticmethod(functional.binary_cross_entropy_with_logits)

    @staticmethod
    def answer(logits: Tensor) -> Tensor:
        """Returns what the model of AMBER predicts where this one has these logits."""
        return logits.sigmoid()


def _convolution(inputs: int, outputs: int, size: int) -> nn.Conv1d:
    return nn.Conv1d(inputs, outputs, size, padding="same", bias=False)


def _normalisation(width: int) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(width, eps=1e-3, momentum=0.01)


def train_function(network: Any, *, capturable: bool = False) -> Callable[[Any, Tensor], Tensor]:
    """Returns a function of a list of inputs and a target that trains one batch and returns its loss.

    Args:
        network: one of this module, or what `torch.compile` made of it.
        capturable: whether the updates can be captured in a CUDA graph.
    """
    optimizer = network.optimizer()
    for group in optimizer.param_groups:
        group["capturable"] = capturable
    network.train()

    def step(x: list[Tensor], y: Tensor) -> Tensor:
        loss = network.loss(network(*x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        network.after_update()
        return loss.detach()

    return step


def like(name: str, architecture: int) -> Any:
    """Returns the hand-written network of a case; `architecture` seeds the residual one's tokens."""
    if name == "6-layer DAG":
        return Dag()
    layout = residual_builder().layout
    return ResidualCnn(layout.decode(layout.sample(architecture)))


@torch.no_grad()
def check_equal(network: Any, model: Any, x: list[Any], size: int) -> None:
    """Raises ValueError unless the network predicts what the model predicts."""
    network.eval()
    batch, device = [part[:size] for part in x], next(network.parameters()).device
    found = network.answer(network(*[torch.as_tensor(part, device=device) for part in batch]))
    expected = model.predict(batch if len(batch) > 1 else batch[0], verbose=0)
    difference = float(abs(found.cpu().numpy() - expected).max())
    if difference > 1e-3:
        raise ValueError(f"the hand-written network is not the same: predictions differ by {difference}")


class _Rows(Dataset[Any]):
    """Rows of several tensors; an index may be a list, so that a batch is one selection."""

    def __init__(self, x: list[Tensor], y: Tensor) -> None:
        self.x = x
        self.y = y

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: list[int]) -> tuple[Any, Tensor]:
        x = [part[rows] for part in self.x]
        return (x if len(x) > 1 else x[0]), self.y[rows]


def make_loader(x: list[Tensor], y: Tensor, size: int) -> DataLoader[Any]:
    """Returns a shuffling DataLoader that selects whole batches."""
    rows = _Rows(x, y)
    return DataLoader(rows, sampler=BatchSampler(RandomSampler(rows), size, drop_last=False), batch_size=None)


def train(step: Callable[[Any, Tensor], Tensor], batches: Iterable[tuple[Any, Tensor]], device: str = "cpu") -> float:
    """Trains one epoch with such a function, on a device, and returns the mean loss over samples."""
    total, samples = torch.zeros((), device=device), 0
    for x, y in batches:
        inputs = [part.to(device) for part in (x if isinstance(x, (list, tuple)) else [x])]
        total += step(inputs, y.to(device)) * len(y)
        samples += len(y)
    return float(total) / samples


@torch.no_grad()
def copy_weights(model: Any, network: Any) -> None:
    """Copies the weights of the Keras model into the hand-written network."""
    for name, module in network.net.items():
        layer = model.get_layer(name)
        values = [torch.as_tensor(value) for value in layer.get_weights()]
        if isinstance(module, nn.Conv1d):
            module.weight.copy_(values[0].permute(2, 1, 0))
            if module.bias is not None:
                module.bias.copy_(values[1])
        elif isinstance(module, nn.Linear):
            module.weight.copy_(values[0].T)
            module.bias.copy_(values[1])
        else:
            targets = (module.weight, module.bias, module.running_mean, module.running_var)
            for target, value in zip(targets, values, strict=True):
                target.copy_(value)
