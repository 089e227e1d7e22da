"""The U-Net of a checkpoint, whose weights PyTorch can let go of and read again."""

import threading

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file

from maquette.core.errors import WeightsDamaged
from maquette.engines.catalog import ADAPTER_FILE, UNET_FILE, ModelSpec, load_whole, reading


class HeldUNet:
    """A U-Net whose weights can be let go of, and are read anew when they are wanted: a backend may
    have them in a form of its own. The network stays the same one. For any thread.
    """

    def __init__(self, spec: ModelSpec, device: torch.device, dtype: torch.dtype) -> None:
        self._spec, self._device, self._dtype = spec, device, dtype
        self._file = self._state_of_file()
        self.network = _load(spec, dtype)
        self.network.to(device).eval().requires_grad_(False)
        self._held, self._holding = False, threading.Lock()

    def read(self) -> None:
        """Has the weights, as the file has them. Raises WeightsDamaged if they are not whole, or
        others than those that were let go of.
        """
        with self._holding:
            self._read()

    @torch.inference_mode(False)  # else whatever first asks for weights decides what they are
    def _read(self) -> None:
        if self.network.device.type == "meta":
            if self._state_of_file() != self._file:
                raise WeightsDamaged(
                    f"{self._spec.folder} has changed since it was loaded; restart maquette"
                )
            with reading(self._spec):
                weights = _load(self._spec, self._dtype).to(self._device).state_dict()
            self.network.load_state_dict(weights, assign=True)

    @torch.inference_mode(False)
    def hold(self) -> None:
        """Has the weights, as PyTorch computes by them. Raises as `read` does."""
        with self._holding:
            if not self._held:
                self._read()
                self.network.to(self._device, memory_format=torch.channels_last)
                self._held = True

    def let_go(self) -> None:
        """Frees what the weights take. Nothing may be computing by them."""
        with self._holding:
            self.network.to("meta")
            self._held = False

    def _state_of_file(self) -> tuple[int, int, int] | None:
        path = self._spec.folder / UNET_FILE
        if not path.exists():  # in parts, or missing, which loading will say
            return None
        state = path.stat()
        return state.st_ino, state.st_size, state.st_mtime_ns


def _load(spec: ModelSpec, dtype: torch.dtype) -> UNet2DConditionModel:
    """The U-Net of a checkpoint; with an adapter, merged with it before anything is rounded."""
    read_as = dtype if spec.adapter is None else torch.float32
    folder = spec.folder.absolute() / "unet"
    unet = load_whole(UNet2DConditionModel, folder, torch_dtype=read_as, low_cpu_mem_usage=False)
    if spec.adapter is None:
        return unet
    unet.load_lora_adapter(load_file(spec.adapter / ADAPTER_FILE), prefix="unet")
    unet.fuse_lora()  # raises where the file held nothing for a U-Net
    unet.unload_lora()
    return unet.to(dtype)
