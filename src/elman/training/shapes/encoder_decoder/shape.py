"""Encoder and decoder, as a run sees it."""

from __future__ import annotations

from elman.models.description import EncoderDecoderDescription
from elman.training.options import CellOptions, DirectionOptions, EncodingOptions, TextOptions
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.encoder_decoder.config import EncoderDecoderConfig, choose
from elman.training.shapes.encoder_decoder.options import EncoderDecoderOptions
from elman.training.shapes.encoder_decoder.predictor import predictor
from elman.training.shapes.encoder_decoder.rivals import rivals
from elman.training.shapes.encoder_decoder.task import make_task
from elman.training.shapes.writing.options import WritingOptions
from elman.training.shapes.writing.report import report

ENCODER_DECODER = ShapeParts(
    name="encoder_decoder",
    options=(
        TextOptions,
        EncodingOptions,
        CellOptions,
        DirectionOptions,
        WritingOptions,
        EncoderDecoderOptions,
    ),
    config=EncoderDecoderConfig,
    choose=choose,
    make_task=make_task,
    rivals=rivals,
    report=report,
    description=EncoderDecoderDescription,
    predictor=predictor,
)
