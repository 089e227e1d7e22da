"""A tiny VITS with random weights, as a person has a real one in a folder."""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import VitsConfig, VitsModel, VitsTokenizer

LETTERS = "_abcdefghijklmnopqrstuvwxyz '-"


def write_vits(folder: Path, letters: str = LETTERS, speakers: int = 1, **tokenizer: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / "letters.json").write_text(json.dumps({one: i for i, one in enumerate(letters)}))
    given = {"language": "eng", "phonemize": False, **tokenizer}
    VitsTokenizer(
        str(folder / "letters.json"), pad_token="_", unk_token="_", **given
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = VitsConfig(
        vocab_size=len(letters),
        hidden_size=16,
        num_hidden_layers=1,
        ffn_dim=16,
        flow_size=16,
        spectrogram_bins=9,
        upsample_initial_channel=16,
        prior_encoder_num_flows=2,
        prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1,
        duration_predictor_num_flows=1,
        depth_separable_num_layers=1,
        duration_predictor_filter_channels=16,
        resblock_kernel_sizes=(3,),
        resblock_dilation_sizes=((1, 3),),
        num_speakers=speakers,
        speaker_embedding_size=8 if speakers > 1 else 0,
    )
    VitsModel(config).save_pretrained(folder)
    return folder
