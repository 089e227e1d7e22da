"""The keys and values of all rows in one block of memory, each row in a slot of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedConfig
from transformers.cache_utils import Cache, CacheLayerMixin

GROWTH_TOKENS = 128  # the block grows by so many positions at least
WIDEST_SHARE = 1.5  # of what rows have in the block, that is multiplied with what is masked
KEPT_BYTES = 64 * 2**20  # of the block, where no row is left


@dataclass(frozen=True, slots=True)
class PassRow:
    """A row of a pass: its slot, how many of its tokens are there already, how many come now."""

    slot: int
    start: int
    count: int

    @property
    def end(self) -> int:
        """How many tokens of it are there then."""
        return self.start + self.count


class Pass:
    """The tokens of a pass, one row's after another's. `windows` says of each layer how far back it
    sees, None where that is everything.
    """

    def __init__(
        self, rows: Sequence[PassRow], windows: Sequence[int | None], device: torch.device
    ) -> None:
        self.rows, self.windows, self._device = rows, windows, device
        numbers = [number for one in rows for number in [one.slot] * one.count]
        self.slots = torch.tensor(numbers, device=device)  # (T,), as the next
        places = [place for one in rows for place in range(one.start, one.end)]
        self.positions = torch.tensor(places, device=device)
        self.is_said = all(one.count == 1 for one in rows)  # a token each, as in nearly all passes
        slots = [one.slot for one in rows] or [0]
        self.span = slice(min(slots), max(slots) + 1)  # of slots, with all rows in it
        self.is_whole = slots == list(range(self.span.start, self.span.stop))
        self.reach = max((one.end for one in rows), default=0)
        self._masks: dict[tuple[PassRow | None, int | None], Tensor] = {}

    @property
    def ends(self) -> Tensor:
        """Where each row's last token is, (R,)."""
        return torch.tensor([one.count for one in self.rows], device=self._device).cumsum(0) - 1

    def said_mask(self, window: int | None) -> Tensor:
        """Whom rows with a token each see, by the slots of the span: (S, 1, reach)."""
        if (key := (None, window)) not in self._masks:
            places = self.positions.new_zeros(self.span.stop - self.span.start)
            places[self.slots - self.span.start] = self.positions
            self._masks[key] = self._seen(places, window, self.reach)[:, None]
        return self._masks[key]

    def read_mask(self, row: PassRow, window: int | None) -> Tensor | None:
        """Whom the tokens of a row see, (1, 1, count, end); None where that is all that comes
        before each, and nothing was there already.
        """
        if window is not None and row.end <= window:
            window = None
        if row.start == 0 and window is None:
            return None
        if (key := (row, window)) not in self._masks:
            places = torch.arange(row.start, row.end, device=self._device)
            self._masks[key] = self._seen(places, window, row.end)[None, None]
        return self._masks[key]

    def _seen(self, places: Tensor, window: int | None, reach: int) -> Tensor:
        keys = torch.arange(reach, device=self._device)
        seen = keys <= places[:, None]
        return seen if window is None else seen & (keys > places[:, None] - window)


class SlotLayer(CacheLayerMixin):
    """One layer's values, (slots, heads, positions, head size), and its keys, which lie with
    positions last for `attend`: (slots, heads, head size, positions).
    """

    def __init__(self, cache: "SlotCache") -> None:
        super().__init__()
        self._cache = cache

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        self._grow(key_states, value_states)

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Writes the new keys and values (1, H, T, D) of the pass; gives all that is there."""
        self._grow(key_states, value_states)
        assert self.keys is not None
        assert self.values is not None
        now = self._cache.under_way
        self.keys[now.slots, :, :, now.positions] = key_states[0].transpose(0, 1)
        self.values[now.slots, :, now.positions] = value_states[0].transpose(0, 1)
        return self.keys.transpose(2, 3), self.values

    def move(self, source: int, target: int) -> None:
        """Copies a slot onto another."""
        for block in (self.keys, self.values):
            if block is not None:
                block[target].copy_(block[source])

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self._cache.room[1], 0

    def get_seq_length(self) -> int:
        return 0  # rows have lengths of their own: positions are given

    def get_max_length(self) -> int:
        return -1

    def _grow(self, keys: Tensor, values: Tensor) -> None:
        slots, positions = self._cache.room
        have = self.values
        if have is not None and (have.shape[0], have.shape[2]) == (slots, positions):
            return
        heads, size = keys.shape[1], keys.shape[3]
        self.keys = _moved(self.keys, keys.new_zeros(slots, heads, size, positions))
        size = values.shape[3]
        self.values = _moved(self.values, values.new_zeros(slots, heads, positions, size))
        self.is_initialized = True

    def drop(self) -> None:
        """Gives the memory back."""
        self.keys = self.values = None
        self.is_initialized = False

    @property
    def size_bytes(self) -> int:
        """Of what is kept here."""
        return sum(0 if one is None else one.nbytes for one in (self.keys, self.values))


class SlotCache(Cache):
    """What `transformers` models take for a cache, for rows that join and leave at any token.

    Rows in use fill the first slots without a gap, so that a pass of all of them copies nothing.
    The block has room to spare where that is no more than `most_bytes`.
    """

    def __init__(self, config: PreTrainedConfig, itemsize: int, most_bytes: int) -> None:
        text = config.get_text_config(decoder=True)
        layers = text.num_hidden_layers
        heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
        size = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
        self._position_bytes = 2 * layers * heads * size * itemsize
        self.most_bytes = most_bytes
        self.room = (1, GROWTH_TOKENS)
        self._windows = windows_of(config)
        self.under_way = Pass([], self._windows, torch.device("cpu"))
        self._slot_layers = [SlotLayer(self) for _ in range(layers)]
        super().__init__(layers=list(self._slot_layers))

    def begin(
        self, rows: Sequence[PassRow], device: torch.device, used: int = 0, longest: int = 0
    ) -> Pass:
        """Prepares for a pass of these rows. In use are the first `used` slots, of which the
        longest has so many tokens; they may be more than those of the pass.
        """
        self.under_way = now = Pass(rows, self._windows, device)
        have_slots, have_positions = self.room
        used, reach = max(used, now.span.stop), now.reach
        if used > have_slots or reach > have_positions:
            more_slots = max(used, 2 * have_slots) if used > have_slots else have_slots
            positions = have_positions
            if reach > positions:
                positions = _rounded(max(reach, positions * 5 // 4))
            if self.room_bytes(more_slots, positions) > self.most_bytes:
                more_slots, positions = used, _rounded(max(longest, reach))
            self.room = (more_slots, positions)
        if self.room[1] <= WIDEST_SHARE * now.reach:
            now.reach = self.room[1]  # a block that is not cut is not copied to be multiplied
        return now

    def room_bytes(self, slots: int, positions: int) -> int:
        """What so many slots of so many positions take."""
        return slots * _rounded(positions) * self._position_bytes

    @property
    def size_bytes(self) -> int:
        """What the block takes now."""
        return sum(layer.size_bytes for layer in self._slot_layers)

    def rest(self) -> None:
        """Gives a large block's memory back, for no row is left."""
        if self.size_bytes > KEPT_BYTES:
            self.room = (1, GROWTH_TOKENS)
            for layer in self._slot_layers:
                layer.drop()

    def move(self, source: int, target: int) -> None:
        """Copies what is in a slot onto another, whose row has left."""
        for layer in self._slot_layers:
            layer.move(source, target)


def _rounded(positions: int) -> int:
    return -(-positions // GROWTH_TOKENS) * GROWTH_TOKENS


def _moved(old: Tensor | None, new: Tensor) -> Tensor:
    """The new block with what the old one has, as far as it is as large."""
    if old is not None:
        both = tuple(slice(0, min(lengths)) for lengths in zip(old.shape, new.shape, strict=True))
        new[both] = old[both]
    return new


def windows_of(config: PreTrainedConfig) -> Sequence[int | None]:
    """How far back each layer of a model sees, None where it sees everything."""
    text = config.get_text_config(decoder=True)
    window = getattr(text, "sliding_window", None)
    kinds = getattr(text, "layer_types", None) or ["sliding_attention"] * text.num_hidden_layers
    return [window if kind == "sliding_attention" else None for kind in kinds]
