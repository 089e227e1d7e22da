"""How a U-Net and a decoder are computed: PyTorch, CUDA graphs, TorchInductor or OpenVINO."""

import importlib.util
import json
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from maquette.core.errors import UsageError
from maquette.diffusion.cuda_graphs import CudaGraphs
from maquette.diffusion.mapped_file import MappedFile

# Latents (B, C, H, W), timesteps (B,) and text states (B, T, D) to noise, v or flow (B, C, H, W);
# all fp32 outside.
Network = Callable[[Tensor, Tensor, Tensor], Tensor]
# Latents as an autoencoder has them (B, C, H, W) to pixels (B, 3, H f, W f), both fp32 outside.
Decoder = Callable[[Tensor], Tensor]
Shapes = Sequence[Sequence[int]]  # of what a network is given; ANY where it may be any number

ANY = -1
TRACED = 8  # a network is traced with so many rows, rows of pixels and tokens
SMALL_BYTES = 64 * 2**20  # weights that may be held once more for a model of fixed shapes


def available(device: torch.device) -> list[str]:
    """Those that can be had on a device, and that are ready soon enough to be tried unasked.

    To compile takes more than a minute a batch size on a CPU; on a GPU once for all of them.
    """
    if device.type == "cuda":
        return ["eager", "cudagraphs", "compile"]
    return ["eager", "openvino"] if importlib.util.find_spec("openvino") else ["eager"]


def build(
    name: str,
    unet: nn.Module,
    folder: Path,
    usual: Sequence[Tensor],
    let_go: Callable[[], None] = lambda: None,
) -> Network:
    """A U-Net as a network of a backend. OpenVINO keeps what it converted in the folder, is fastest
    for what is of the `usual` shapes, and calls `let_go` once it needs the U-Net's weights no more.

    Raises UsageError where the backend is not to be had.
    """
    on_gpu = next(unet.parameters()).is_cuda
    if name == "eager":
        return _eager(unet)
    if name == "compile":
        return _compiled_on_gpu(unet, usual) if on_gpu else _compiled(unet)
    if name == "cudagraphs":
        if not on_gpu:
            raise UsageError("backend 'cudagraphs' needs a CUDA GPU; use --device cuda or eager")
        return CudaGraphs(_eager(unet))
    if not importlib.util.find_spec("openvino"):
        raise UsageError("backend 'openvino' is not installed; pip install openvino")
    if next(unet.parameters()).device.type != "cpu":
        raise UsageError("backend 'openvino' computes on the CPU; use --device cpu or eager")
    _, channels, *_ = usual[0].shape
    shapes = [[ANY, channels, ANY, ANY], [ANY], [ANY, ANY, usual[2].shape[2]]]
    return _openvino(Positional(unet, "forward"), shapes, folder, usual, let_go=let_go)


def build_decoder(
    name: str, autoencoder: nn.Module, folder: Path, usual: Sequence[Tensor]
) -> Decoder:
    """An autoencoder's decoder as a backend computes it. OpenVINO keeps what it converted in the
    folder. Only what is of the `usual` shape is not decoded by PyTorch as it stands: for all else
    OpenVINO gains too little for its memory (docs/log.md), and a graph would keep what it takes.
    Raises UsageError as `build` does, which is called first.
    """
    eager = _eager_decoder(autoencoder)
    part = Positional(autoencoder, "decode")
    if name in ("cudagraphs", "compile") and next(autoencoder.parameters()).is_cuda:
        return _where(usual[0].shape, CudaGraphs(eager), eager)
    if name != "openvino" or not part.small:
        return eager
    shapes = [[ANY, usual[0].shape[1], ANY, ANY]]
    return _openvino(part, shapes, folder, usual, otherwise=eager)


def _eager(unet: nn.Module) -> Network:
    dtype = next(unet.parameters()).dtype

    def network(latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        x = latents.to(dtype, memory_format=torch.channels_last)
        return unet(x, timesteps, context.to(dtype), return_dict=False)[0].float()

    return network


def _compiled(unet: nn.Module) -> Network:
    """By TorchInductor. Rows are padded to powers of two, for each number is compiled anew."""
    network = torch.compile(_eager(unet), dynamic=False)

    def padded(latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        rows = len(latents)
        more = (1 << (rows - 1).bit_length()) - rows
        given = (
            functional.pad(one, (0, 0) * (one.ndim - 1) + (0, more))
            for one in (latents, timesteps, context)
        )
        return network(*given)[:rows]

    return padded


def _compiled_on_gpu(unet: nn.Module, usual: Sequence[Tensor]) -> Network:
    """In CUDA graphs: of what TorchInductor makes of the usual shape, compiled once for any number
    of rows from the usual one on, and of PyTorch's own kernels for all others, which so wait for
    no compiler.
    """
    eager = _eager(unet)
    inductor = torch.compile(eager)

    def of_any_rows(*given: Tensor) -> Tensor:
        for one in given:
            torch._dynamo.maybe_mark_dynamic(one, 0)
        return inductor(*given)

    return CudaGraphs(_where(usual[0].shape, of_any_rows, eager), least_rows=len(usual[0]))


def _where(
    shape: torch.Size, usually: Callable[..., Tensor], otherwise: Callable[..., Tensor]
) -> Callable[..., Tensor]:
    """By the one where latents are of that shape, whatever the rows; else by the other."""

    def compute(latents: Tensor, *more: Tensor) -> Tensor:
        chosen = usually if latents.shape[1:] == shape[1:] else otherwise
        return chosen(latents, *more)

    return compute


def _eager_decoder(autoencoder: Any) -> Decoder:
    dtype = next(autoencoder.parameters()).dtype

    def decoder(latents: Tensor) -> Tensor:
        return autoencoder.decode(latents.to(dtype), return_dict=False)[0].float()

    return decoder


class Positional(nn.Module):
    """What a network computes by one of its methods, as a tensor: so tracing wants it."""

    def __init__(self, network: nn.Module, method: str) -> None:
        super().__init__()
        self.network, self.method = network, method

    def forward(self, *given: Tensor) -> Tensor:
        return getattr(self.network, self.method)(*given, return_dict=False)[0]

    @property
    def small(self) -> bool:
        """Whether the weights may be held once more."""
        return sum(weight.nbytes for weight in self.network.parameters()) <= SMALL_BYTES


def _openvino(
    part: Positional,
    shapes: Shapes,
    folder: Path,
    usual: Sequence[Tensor],
    otherwise: Callable[..., Tensor] | None = None,
    let_go: Callable[[], None] = lambda: None,
) -> Callable[..., Tensor]:
    """By one model for all `shapes`, or by what else is given for them; and where the weights are
    small, one for the usual: of fixed shapes it is faster, but packs the weights for itself, so
    that the other is made when it is first needed.

    Only one thread at a time may compute by it.
    """
    ov = import_openvino()
    core = ov.Core()
    path = _converted(ov, part, shapes, folder)
    description, weights = path.read_text(), MappedFile(path.with_suffix(".bin"))
    small, bf16 = part.small, next(part.parameters()).dtype == torch.bfloat16
    let_go()
    hints = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }

    def compiled(shapes: Shapes) -> Callable[..., Tensor]:
        model = core.read_model(description, ov.Tensor(weights.array, shared_memory=True))
        model.reshape({place: list(shape) for place, shape in enumerate(shapes)})
        with weights.passing():
            request = core.compile_model(model, "CPU", hints).create_infer_request()
        seen: set[tuple[torch.Size, ...]] = set()  # for others weights may be read and packed anew

        def compute(*given: Tensor) -> Tensor:
            arrays = [one.float().contiguous().numpy() for one in given]
            kind = tuple(one.shape for one in given)
            with nullcontext() if kind in seen else weights.passing():
                out = request.infer(arrays, share_inputs=True, share_outputs=True)
            seen.add(kind)
            return torch.from_numpy(out[0].copy())  # the next pass writes over it

        return compute

    if not small:
        return otherwise or compiled(shapes)
    fixed = [one.shape for one in usual]
    usually = compiled(fixed)

    def network(*given: Tensor) -> Tensor:
        nonlocal otherwise
        if [one.shape for one in given] == fixed:
            return usually(*given)
        otherwise = otherwise or compiled(shapes)
        return otherwise(*given)

    return network


def _converted(ov: Any, part: Positional, shapes: Shapes, folder: Path) -> Path:
    """The network in OpenVINO's own form, converted once for these weights."""
    network: Any = part.network
    path = folder / f"{weights_key(network)}-{metadata.version('openvino')}.xml"
    if path.exists():
        return path
    example = [torch.zeros([TRACED if n == ANY else n for n in shape]) for shape in shapes]
    # Traced in fp32, whatever it will compute in.
    whole = type(network).from_config(network.config)
    whole.load_state_dict(network.state_dict())
    with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
        # Of Python values that tracing fixes: checks of channels, and cases for older PyTorch.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.simplefilter("ignore", DeprecationWarning)  # of tracing, which OpenVINO asks for
        traced = Positional(whole.eval(), part.method)
        model = ov.convert_model(traced, example_input=tuple(example))
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{os.getpid()}.xml"
    half = next(part.parameters()).dtype != torch.float32
    ov.save_model(model, draft, compress_to_fp16=half)
    for suffix in (".bin", ".xml"):  # the one that is looked for last
        draft.with_suffix(suffix).replace(path.with_suffix(suffix))
    return path


def shape_key(network: nn.Module) -> str:
    """A name for a network's configuration, whatever its weights."""
    return sha256(_configuration(network)).hexdigest()[:16]


def _configuration(network: Any) -> bytes:
    entries = {n: value for n, value in network.config.items() if n != "_name_or_path"}
    return json.dumps(entries, sort_keys=True, default=str).encode()


def weights_key(network: nn.Module) -> str:
    """A name for a network's weights and configuration, wherever they lie; others have another."""
    digest = sha256(_configuration(network))
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


def import_openvino() -> Any:
    """Without the part that tells its maker of each import: nothing here calls home."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
