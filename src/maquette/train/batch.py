"""What a recipe hands to the training loop."""

from collections.abc import Callable

from torch import Tensor, nn

Batch = dict[str, Tensor]  # rows are items
# A scalar to make smaller, and figures to log.
Loss = Callable[[nn.Module, Batch], tuple[Tensor, dict[str, float]]]
