"""fp32 master weights behind a model that computes in bf16, their optimizers and moving average."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from maquette.core.errors import InvalidRequest
from maquette.train.cores import side_by_side

MUON_LEAST = 64  # rows and columns; most smaller ones are inputs, outputs or heads


class Masters:
    """Keeps fp32 parameters and their exponential moving average for a model cast to `dtype`.

    Weights stored in bf16 alone lose small updates, and autocast is slower than bf16 weights on a
    CPU; so the model holds bf16 copies of these masters.

    AdamW moves all weights; with `muon`, matrices and convolutions inside the model, embeddings not
    among them, are moved by Muon instead, whose updates have all singular values alike (Jordan
    2024, https://kellerjordan.github.io/posts/muon/), at the same rate (Liu et al. 2025,
    https://arxiv.org/abs/2502.16982).
    """

    def __init__(
        self,
        model: nn.Module,
        dtype: torch.dtype,
        weight_decay: float = 0.01,
        betas: tuple[float, float] = (0.9, 0.99),
        muon: bool = False,
    ) -> None:
        self._working = [p for p in model.parameters() if p.requires_grad]
        self._names = [n for n, p in model.named_parameters() if p.requires_grad]
        self.weights = [_fp32(p) for p in self._working]
        self.average = [w.clone() for w in self.weights]
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point():
                tensor.data = tensor.data.to(dtype)
        embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
        self._matrices = [
            _matrix(w) if muon and _is_hidden(w) and id(p) not in embeddings else None
            for w, p in zip(self.weights, self._working, strict=True)
        ]
        pairs = list(zip(self.weights, self._matrices, strict=True))
        # Norm scales, biases and embeddings of one dimension are not decayed, as is usual.
        groups = [
            {"params": [w for w, m in pairs if m is None and w.ndim > 1]},
            {"params": [w for w in self.weights if w.ndim <= 1], "weight_decay": 0.0},
        ]
        adamw = torch.optim.AdamW(
            groups, lr=0.0, betas=betas, weight_decay=weight_decay, fused=True
        )
        # One a matrix, so that cores can share the work.
        muons = (
            torch.optim.Muon([m], lr=0.0, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
            for m in self._matrices
            if m is not None
        )
        self._optimizers: list[torch.optim.Optimizer] = [adamw, *muons]

    @torch.no_grad()
    def step(self, learning_rate: float, ema_decay: float, clip: float) -> Tensor:
        """One update from the model's gradients, which are cleared. Returns their norm, a scalar.

        Where that is not finite nothing changes, for one bad batch must not end a run of hours; on
        a GPU, which is not waited for, the gradients count as zero.
        """
        tensors = zip(self.weights, self._matrices, self._working, strict=True)
        for weight, matrix, working in tensors:
            weight.grad = None if working.grad is None else _fp32(working.grad)
            if matrix is not None:
                matrix.grad = None if weight.grad is None else _matrix(weight.grad)
            working.grad = None
        norm = torch.nn.utils.clip_grad_norm_(self.weights, clip)
        on_cpu = norm.device.type == "cpu"
        if on_cpu and not norm.isfinite():
            return norm
        if not on_cpu:
            for weight in self.weights:
                if weight.grad is not None:  # all NaN or zero where the norm was not finite
                    weight.grad.nan_to_num_(0.0, 0.0, 0.0)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate
        cores = torch.get_num_threads() if on_cpu else 1
        side_by_side([optimizer.step for optimizer in self._optimizers], cores)
        torch._foreach_copy_([p.data for p in self._working], self.weights)
        torch._foreach_lerp_(self.average, self.weights, 1.0 - ema_decay)
        return norm

    def averaged(self) -> dict[str, Tensor]:
        """The averaged weights by parameter name, fp32."""
        return dict(zip(self._names, self.average, strict=True))

    def state_dict(self) -> dict[str, object]:
        """All that a resumed run needs."""
        return {
            "weights": self.weights,
            "average": self.average,
            "optimizers": [o.state_dict() for o in self._optimizers],
        }

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, object]) -> None:
        """Goes on from `state_dict()`. Raises InvalidRequest where it is of something else."""
        shapes = [saved.shape for saved in state["weights"]]  # type: ignore[attr-defined]
        same = shapes == [mine.shape for mine in self.weights]
        if not same or len(state["optimizers"]) != len(self._optimizers):  # type: ignore[arg-type]
            raise InvalidRequest(
                "the run's checkpoint is of another model, or another version wrote it; "
                "use another --out"
            )
        for name in ("weights", "average"):
            for mine, saved in zip(getattr(self, name), state[name], strict=True):  # type: ignore[call-overload]
                mine.copy_(saved)
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):  # type: ignore[call-overload]
            optimizer.load_state_dict(saved)
        torch._foreach_copy_([p.data for p in self._working], self.weights)


def _fp32(tensor: Tensor) -> Tensor:
    """A copy whose convolutions are laid out channels last, so that `_matrix` need not copy."""
    layout = torch.channels_last if tensor.ndim == 4 else torch.contiguous_format
    return tensor.detach().to(torch.float32, copy=True, memory_format=layout)


def _is_hidden(weight: Tensor) -> bool:
    return weight.ndim > 1 and min(len(weight), weight[0].numel()) >= MUON_LEAST


def _matrix(weight: Tensor) -> Tensor:
    """The same memory seen as outputs × inputs."""
    return weight.movedim(1, -1).view(len(weight), -1)
