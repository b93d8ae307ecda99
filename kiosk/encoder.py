"""The face network's arithmetic in numpy: 150 × 150 picture in, 128 numbers out.

The same weights as dlib's `face_recognition_model_v1`, read from the file that face_recognition brings,
and the same numbers to 5 digits or more; but where dlib is built without BLAS, as on PyPI, it needs 60 ms
and keeps every other thread of Python waiting meanwhile. Here: about 8 ms, and nobody waits.

dlib's file writes each layer as its name, some settings and its numbers, in the order they are used.
Network: `anet_type` in dlib's `dnn_face_recognition_ex.cpp`, 29 convolutions in 14 residual blocks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from kiosk.camera import Image

Floats = npt.NDArray[np.float32]
"""Height × width × channels, or plain rows."""

FILE_SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
"""dlib_face_recognition_resnet_model_v1.dat of face_recognition_models 0.3.0 (public domain)."""
SIDE = 150
MEAN = np.array([122.782, 117.001, 104.298], np.float32)
"""Of the training pictures: red, green, blue."""
HALVES = (0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1)
"""For each residual block, whether it halves the picture's sides."""
NUMBERS = 128


class EncoderError(Exception):
    """The file is not the network that this program knows."""


@dataclass(frozen=True)
class Convolution:
    """Weights (window × window × channels in, channels out) with the scale and shift after it worked in."""

    weights: Floats
    shift: Floats
    window: int

    def __call__(self, x: Floats, *, halve: bool = False) -> Floats:
        """dlib's convention: the border is padded unless the picture is halved."""
        if not halve:
            x = np.pad(x, [(self.window // 2,) * 2, (self.window // 2,) * 2, (0, 0)])
        windows = _windows(x, self.window, step=2 if halve else 1).transpose(0, 1, 3, 4, 2)
        height, width = windows.shape[:2]
        out = windows.reshape(height * width, -1) @ self.weights + self.shift
        return out.reshape(height, width, -1)


class Encoder:
    """The network, ready to use from any thread."""

    def __init__(self, convolutions: list[Convolution], last: Floats) -> None:
        self._convolutions, self._last = convolutions, last

    @classmethod
    def read(cls, path: Path) -> Self:
        """From dlib's file; raises OSError and EncoderError."""
        data = path.read_bytes()
        if sha256(data).hexdigest() != FILE_SHA256:
            raise EncoderError(f"{path} is not the network of face_recognition_models 0.3.0")
        weights = [_tensor(data, mark.end()) for mark in re.finditer(b"con_4", data)]
        scales = [_tensor(data, mark.end()) for mark in re.finditer(b"affine_", data)]
        last = _tensor(data, _after(data, data.index(b"fc_2") + len(b"fc_2"), integers=2))
        return cls(list(map(_fold, weights, scales)), last.reshape(-1, NUMBERS))

    def encode(self, picture: Image) -> tuple[float, ...]:
        """The 128 numbers of an aligned face, 150 × 150, RGB."""
        convolutions = iter(self._convolutions)
        x = (picture.astype(np.float32) - MEAN) / np.float32(256)
        x = np.maximum(next(convolutions)(x, halve=True), 0)
        x = _windows(x, 3, step=2).max(axis=(3, 4))
        for halve in HALVES:
            residual = np.maximum(next(convolutions)(x, halve=bool(halve)), 0)
            residual = next(convolutions)(residual)
            x = np.maximum(_add(_halved(x) if halve else x, residual), 0)
        return tuple(float(number) for number in x.mean(axis=(0, 1)) @ self._last)


def _windows(x: Floats, size: int, *, step: int) -> Floats:
    """Height × width × channels × size × size, without a copy."""
    windows: Floats = sliding_window_view(x, (size, size), axis=(0, 1))[::step, ::step]
    return windows


def _halved(x: Floats) -> Floats:
    """Means of 2 × 2; an odd last row or column is left out, as in dlib."""
    height, width, channels = x.shape
    even = x[: height // 2 * 2, : width // 2 * 2]
    means: Floats = even.reshape(height // 2, 2, width // 2, 2, channels).mean(axis=(1, 3))
    return means


def _add(x: Floats, y: Floats) -> Floats:
    """dlib adds pictures of different sizes as if the smaller went on with zeros."""
    total = np.zeros(np.maximum(x.shape, y.shape), np.float32)
    for part in (x, y):
        height, width, channels = part.shape
        total[:height, :width, :channels] += part
    return total


def _fold(numbers: Floats, scale_and_shift: Floats) -> Convolution:
    """One convolution out of dlib's two layers: filters and biases, then a scale and a shift each."""
    scale, shift = np.split(scale_and_shift, 2)
    filters, biases = np.split(numbers, [len(numbers) - len(scale)])
    window = 7 if len(filters) == len(scale) * 3 * 7 * 7 else 3  # only the first looks at RGB
    shaped = filters.reshape(len(scale), -1, window, window) * scale[:, None, None, None]
    weights = np.ascontiguousarray(shaped.transpose(2, 3, 1, 0).reshape(-1, len(scale)))
    return Convolution(weights, biases * scale + shift, window)


def _tensor(data: bytes, at: int) -> Floats:
    """A version, four dimensions, then the numbers as little-endian floats."""
    _version, *dimensions = _integers(data, at, 5)
    return np.frombuffer(data, "<f4", math.prod(dimensions), _after(data, at, integers=5)).copy()


def _integers(data: bytes, at: int, count: int) -> Iterator[int]:
    """dlib writes a whole number as its length in bytes and then those, least first."""
    for _number in range(count):
        yield int.from_bytes(data[at + 1 : at + 1 + data[at]], "little")
        at += 1 + data[at]


def _after(data: bytes, at: int, *, integers: int) -> int:
    """The place behind so many whole numbers."""
    for _number in range(integers):
        at += 1 + data[at]
    return at
