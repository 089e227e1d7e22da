"""How noise grows over the training timesteps, and what a network is asked to predict."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from maquette.core.errors import InvalidRequest

SCHEDULES = ("linear", "scaled_linear", "squaredcos_cap_v2")
PREDICTIONS = ("epsilon", "v_prediction", "sample")
SPACINGS = ("leading", "trailing", "linspace")


@dataclass(frozen=True)
class NoiseSchedule:
    """A variance-preserving schedule: x_t = alpha_t x0 + sigma_t noise, alpha² + sigma² = 1.

    The fields are those of a diffusers `scheduler_config.json`. Ho et al. 2020; zero terminal SNR
    after Lin et al. 2023, https://arxiv.org/abs/2305.08891. Raises InvalidRequest naming a value
    that is not known.
    """

    num_train_timesteps: int = 1000
    beta_start: float = 0.0001
    beta_end: float = 0.02
    beta_schedule: str = "linear"
    prediction_type: str = "epsilon"
    rescale_betas_zero_snr: bool = False
    timestep_spacing: str = "leading"
    steps_offset: int = 0
    set_alpha_to_one: bool = True

    def __post_init__(self) -> None:
        for name, value, known in (
            ("beta_schedule", self.beta_schedule, SCHEDULES),
            ("prediction_type", self.prediction_type, PREDICTIONS),
            ("timestep_spacing", self.timestep_spacing, SPACINGS),
        ):
            if value not in known:
                raise InvalidRequest(f"{name} {value!r} is not one of {', '.join(known)}")
        if self.rescale_betas_zero_snr and self.prediction_type == "epsilon":
            raise InvalidRequest(
                "a model that predicts epsilon cannot begin from pure noise; "
                "use prediction_type v_prediction or rescale_betas_zero_snr false"
            )

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "NoiseSchedule":
        """From a scheduler_config.json; entries that only diffusers needs are passed over."""
        if config.get("trained_betas") is not None:
            raise InvalidRequest("trained_betas cannot be read; give a beta_schedule instead")
        names = {field.name for field in fields(cls)}
        return cls(**{n: v for n, v in config.items() if n in names})

    @cached_property
    def alphas_cumprod(self) -> np.ndarray:
        """alpha² by training timestep: (num_train_timesteps,) float64."""
        count = self.num_train_timesteps
        if self.beta_schedule == "linear":
            betas = np.linspace(self.beta_start, self.beta_end, count)
        elif self.beta_schedule == "scaled_linear":
            betas = np.linspace(self.beta_start**0.5, self.beta_end**0.5, count) ** 2
        else:  # the cosine of Nichol & Dhariwal 2021
            at = np.cos((np.arange(count + 1) / count + 0.008) / 1.008 * np.pi / 2) ** 2
            betas = np.minimum(1 - at[1:] / at[:-1], 0.999)
        cumulative = np.cumprod(1 - betas)
        if self.rescale_betas_zero_snr:
            root = np.sqrt(cumulative)
            root = (root - root[-1]) * root[0] / (root[0] - root[-1])
            cumulative = root**2
        return cumulative

    @property
    def alphas(self) -> np.ndarray:
        """The share of the picture by training timestep: (num_train_timesteps,) float64."""
        return np.sqrt(self.alphas_cumprod)

    @property
    def sigmas(self) -> np.ndarray:
        """The share of the noise by training timestep: (num_train_timesteps,) float64."""
        return np.sqrt(1 - self.alphas_cumprod)

    def add_noise(self, x0: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """x_t of clean x0 (B, C, H, W) with noise of the same shape; timesteps: (B,) int64."""
        alpha, sigma = self._levels(x0, timesteps)
        return alpha * x0 + sigma * noise

    def velocity(self, x0: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """v = alpha noise - sigma x0, what v-prediction learns (Salimans & Ho 2022)."""
        alpha, sigma = self._levels(x0, timesteps)
        return alpha * noise - sigma * x0

    def _levels(self, like: Tensor, timesteps: Tensor) -> tuple[Tensor, Tensor]:
        alphas, sigmas = _tables(self, like.device)
        shape = (-1, *(1,) * (like.ndim - 1))
        at = timesteps.to(like.device)
        return alphas[at].view(shape).to(like.dtype), sigmas[at].view(shape).to(like.dtype)


@cache
def _tables(schedule: NoiseSchedule, device: torch.device) -> tuple[Tensor, Tensor]:
    """alpha and sigma by timestep, fp32 on the device, so that training need not wait for it."""
    alphas, sigmas = torch.from_numpy(schedule.alphas), torch.from_numpy(schedule.sigmas)
    return alphas.float().to(device), sigmas.float().to(device)
