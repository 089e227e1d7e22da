"""What a request will cost follows from what it takes."""

from dataclasses import replace

from maquette.core.requests import SamplingParams
from maquette.engines.catalog import SHIPPED
from maquette.ledger.prices import CAPTIONS, OWN_CAPTIONERS, OWN_VOICES, PRICES
from maquette.service.queues import MEDIA
from maquette.service.quotes import quote

CAT = SamplingParams("a cat", num_inference_steps=20, guidance_scale=5.0)


def test_every_model_that_ships_has_a_price() -> None:
    shipped = {spec.model_id for kind in MEDIA for spec in SHIPPED[kind]}
    assert shipped == set(PRICES) - {OWN_VOICES, CAPTIONS, OWN_CAPTIONERS}


def test_steps_pictures_and_size_cost_and_guidance_doubles() -> None:
    one = quote(CAT, 1, "starter")
    assert one.pixel_steps == 40 * 256 * 256
    assert quote(CAT, 4, "starter").pixel_steps == 4 * one.pixel_steps
    assert quote(replace(CAT, width=512), 1, "starter").pixel_steps == 2 * one.pixel_steps
    unguided = replace(CAT, guidance_scale=1.0)
    assert quote(unguided, 1, "starter").pixel_steps == one.pixel_steps // 2
    halfway = replace(CAT, guidance_interval=(0.0, 0.5))
    assert quote(halfway, 1, "starter").pixel_steps == one.pixel_steps * 3 // 4
    begun = replace(CAT, strength=0.5)
    assert quote(begun, 1, "starter").pixel_steps == one.pixel_steps // 2


def test_what_is_not_a_whole_step_costs_a_whole_one() -> None:
    assert quote(CAT, 1, "starter").price_microcredits == 60_000  # 2.62 megapixel-steps
