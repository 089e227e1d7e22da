"""How a U-Net's passes are computed: by PyTorch as it stands, compiled, or by OpenVINO."""

import importlib.util
import json
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from maquette.core.errors import UsageError

# Latents (B, C, H, W), timesteps (B,) and text states (B, T, D) to noise, v or flow (B, C, H, W);
# all fp32 outside.
Network = Callable[[Tensor, Tensor, Tensor], Tensor]


def available(device: torch.device) -> list[str]:
    """Those that can be had on a device, and that are ready soon enough to be tried unasked.

    To compile takes more than a minute a batch size on a CPU (docs/log.md).
    """
    if device.type == "cuda":
        return ["eager", "compile"]
    return ["eager", "openvino"] if importlib.util.find_spec("openvino") else ["eager"]


def build(name: str, unet: nn.Module, folder: Path, usual: Sequence[Tensor]) -> Network:
    """A U-Net as a network of a backend. OpenVINO keeps what it converted in the folder, and is
    fastest for what is of the `usual` shapes.

    Raises UsageError where the backend is not to be had.
    """
    if name == "eager":
        return _eager(unet)
    if name == "compile":
        return _compiled(unet)
    if not importlib.util.find_spec("openvino"):
        raise UsageError("backend 'openvino' is not installed; pip install openvino")
    if next(unet.parameters()).device.type != "cpu":
        raise UsageError("backend 'openvino' computes on the CPU; use --device cpu or eager")
    return _openvino(unet, folder, usual)


def _eager(unet: nn.Module) -> Network:
    dtype = next(unet.parameters()).dtype

    def network(latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        x = latents.to(dtype, memory_format=torch.channels_last)
        return unet(x, timesteps, context.to(dtype), return_dict=False)[0].float()

    return network


def _compiled(unet: nn.Module) -> Network:
    """By TorchInductor, in CUDA graphs on a GPU. Rows are padded to powers of two, for each number
    of rows is compiled anew.
    """
    mode = "reduce-overhead" if next(unet.parameters()).is_cuda else None
    network = torch.compile(_eager(unet), dynamic=False, mode=mode)

    def padded(latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        rows = len(latents)
        more = (1 << (rows - 1).bit_length()) - rows
        given = (
            functional.pad(one, (0, 0) * (one.ndim - 1) + (0, more))
            for one in (latents, timesteps, context)
        )
        return network(*given)[:rows].clone()  # the next pass writes over a graph's output

    return padded


def _openvino(unet: nn.Module, folder: Path, usual: Sequence[Tensor]) -> Network:
    """One model for all numbers of rows and all sizes, and one for the usual: of fixed shapes it
    is a sixth faster, but takes the weights' memory once more.
    """
    ov = import_openvino()
    core = ov.Core()
    path = _converted(ov, unet, folder)
    bf16 = next(unet.parameters()).dtype == torch.bfloat16
    hints = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    fixed = [list(one.shape) for one in usual]

    def compiled(shapes: Sequence[list[int]]) -> Any:
        model = core.read_model(path)
        model.reshape(dict(enumerate(shapes)))
        return core.compile_model(model, "CPU", hints).create_infer_request()

    (_, channels, *_), _, (_, _, width) = fixed
    anything = compiled([[-1, channels, -1, -1], [-1], [-1, -1, width]])
    usually = compiled(fixed)

    def network(latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        given = (latents, timesteps, context)
        passes = usually if [list(one.shape) for one in given] == fixed else anything
        arrays = [one.float().contiguous().numpy() for one in given]
        out = passes.infer(arrays, share_inputs=True, share_outputs=True)
        return torch.from_numpy(out[0].copy())  # the next pass writes over it

    return network


def _converted(ov: Any, unet: nn.Module, folder: Path) -> Path:
    """The U-Net in OpenVINO's own form, converted once for these weights."""
    path = folder / f"{weights_key(unet)}-{metadata.version('openvino')}.xml"
    if path.exists():
        return path
    config: Any = unet.config
    side = 16
    example = (
        torch.zeros(2, config.in_channels, side, side),
        torch.zeros(2),
        torch.zeros(2, 8, config.cross_attention_dim),
    )
    # Traced in fp32, whatever it will compute in.
    whole: Any = type(unet).from_config(config)  # type: ignore[attr-defined]
    whole.load_state_dict(unet.state_dict())
    with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
        # Of Python values that tracing fixes: checks of channels, and cases for older PyTorch.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.simplefilter("ignore", DeprecationWarning)  # of tracing, which OpenVINO asks for
        model = ov.convert_model(Positional(whole.eval()), example_input=example)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{os.getpid()}.xml"
    half = next(unet.parameters()).dtype != torch.float32
    ov.save_model(model, draft, compress_to_fp16=half)
    for suffix in (".bin", ".xml"):  # the one that is looked for last
        draft.with_suffix(suffix).replace(path.with_suffix(suffix))
    return path


class Positional(nn.Module):
    """A U-Net that returns a tensor, as tracing wants it."""

    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        return self.unet(latents, timesteps, context, return_dict=False)[0]


def weights_key(network: nn.Module) -> str:
    """A name for a network's weights and configuration; other weights have another."""
    config: Any = network.config
    digest = sha256(json.dumps(dict(config), sort_keys=True, default=str).encode())
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


def import_openvino() -> Any:
    """Without the part that tells its maker of each import: nothing here calls home."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
