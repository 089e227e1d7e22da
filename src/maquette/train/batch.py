"""What a recipe hands to the training loop."""

from collections.abc import Callable

from torch import Tensor, nn

Batch = dict[str, Tensor]  # rows are items
Metrics = dict[str, Tensor]  # scalars to log, on the device: it is not waited for at each step
Loss = Callable[[nn.Module, Batch], tuple[Tensor, Metrics]]  # what is to become smaller, and more
