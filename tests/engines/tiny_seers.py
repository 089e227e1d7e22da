"""Tiny models that see, with random weights, as a person has real ones in folders."""

import string
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

SIDE_PX, PATCH_PX = 32, 8
PICTURE_TOKENS = (SIDE_PX // PATCH_PX) ** 2
TEMPLATE = (
    "{% for one in messages %}{{ one['role'] }}: {% for part in one['content'] %}"
    "{{ '<image>' if part['type'] == 'image' else part['text'] }}{% endfor %}"
    "{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
NETWORK: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
VISION: dict[str, Any] = {
    **NETWORK,
    "image_size": SIDE_PX,
    "patch_size": PATCH_PX,
    "projection_dim": 16,
}


def write_llava(
    folder: Path,
    context_tokens: int = 1024,
    template: str | None = TEMPLATE,
    side_px: int = SIDE_PX,
    patch_px: int = PATCH_PX,
) -> Path:
    """A LLaVA, which is asked; its letters are bytes."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytes_ = Tokenizer(models.BPE({one: n for n, one in enumerate(letters)}, []))
    bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_.decoder = decoders.ByteLevel()
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=bytes_,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        additional_special_tokens=["<image>"],
    )
    LlavaProcessor(
        CLIPImageProcessorPil(
            size={"shortest_edge": side_px}, crop_size={"height": side_px, "width": side_px}
        ),
        tokenizer,
        patch_size=patch_px,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template,
    ).save_pretrained(folder)
    vision: dict[str, Any] = {**VISION, "image_size": side_px, "patch_size": patch_px}
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**vision),
        text_config=LlamaConfig(
            **NETWORK,
            vocab_size=len(tokenizer),
            num_key_value_heads=2,
            max_position_embeddings=context_tokens,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            tie_word_embeddings=False,
        ),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    model = LlavaForConditionalGeneration(config)
    said = tokenizer.convert_tokens_to_ids([*string.ascii_lowercase, "Ġ"])
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in model.parameters():  # so that what it says depends on what it sees
            weight.normal_(std=0.7)
        never = [n for n in range(len(tokenizer)) if n not in said]  # is the end, either
        model.lm_head.weight[never] = 0
    model.save_pretrained(folder)
    return folder


def write_blip(folder: Path) -> Path:
    """A BLIP, which captions unasked; its letters are those of words."""
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]"]
    letters = [*string.ascii_lowercase, *(f"##{one}" for one in string.ascii_lowercase)]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join([*marks, *letters]))
    BlipProcessor(
        BlipImageProcessorPil(size={"height": SIDE_PX, "width": SIDE_PX}),
        BertTokenizer(str(folder / "vocab.txt"), bos_token="[DEC]"),
    ).save_pretrained(folder)
    torch.manual_seed(0)
    text = {
        **NETWORK,
        "encoder_hidden_size": 16,
        "projection_dim": 16,
        "vocab_size": len(marks) + len(letters),
        "max_position_embeddings": 64,
        "bos_token_id": 5,
        "eos_token_id": 3,
        "sep_token_id": 3,
        "pad_token_id": 0,
    }
    config = BlipConfig(text_config=text, vision_config=VISION, projection_dim=16)
    model: Any = BlipForConditionalGeneration(config)
    with torch.no_grad():
        model.text_decoder.cls.predictions.bias[3] = -1e4  # the end, which never comes
    model.save_pretrained(folder)
    return folder
