"""The truth a picture carries about itself, and how a client reads it back from decoded pixels.

Two marks. A bar code of black and white cells in the top-left corner says which camera made the frame, the how many-th
it is and which colour pair the run uses. The subject wears the pair: the first colour from shoulder to hip, the
second from hip to ankle. Nobody else in the city wears anything as vivid, so the pair, one above the other, is the
subject, whatever the boxes and labels of the server say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansimnet_sim.jit import jit

CELL = 6
"""Pixels a side: survives x264 at 300 kbit/s (4 does not)."""
BITS = 56
COLUMNS = 28
CODE_W, CODE_H = COLUMNS * CELL, BITS // COLUMNS * CELL
"""The corner the bar code takes: 168 x 12 pixels."""
DARK, LIGHT = 24, 208
"""Luma of the cells."""
MIN_HEIGHT_PX = 20
"""A subject lower than this is not promised to be read: each colour would be under 4 chroma samples high."""

COLOURS: tuple[tuple[int, int, int], ...] = ((236, 40, 150), (20, 196, 214), (40, 190, 70), (132, 62, 240))
"""Magenta, cyan, green, violet: hues no lamp, sign or coat of the city comes near."""
PAIRS: tuple[tuple[int, int], ...] = tuple((a, b) for a in range(4) for b in range(4) if a != b)
"""The twelve ordered pairs a run may choose from: upper body, legs."""

Frame = NDArray[np.uint8]
"""`(H, W, 3)` RGB."""


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels, origin top-left."""

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What a frame says."""

    camera_no: int | None
    """None when the bar code cannot be read (masked whole, or not one of our pictures)."""
    frame_no: int | None
    pair: int | None
    subject: bool
    box: Box | None

    @property
    def camera_code(self) -> str | None:
        """Return the code as the district writes it, HD-0412."""
        return None if self.camera_no is None else f"HD-{self.camera_no:04d}"


def crc8(data: bytes) -> int:
    """Return the CRC-8 of ITU I.432.1 without its final xor (x^8 + x^2 + x + 1).

    >>> hex(crc8(b"123456789"))
    '0xf4'
    """
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def cells(camera_no: int, frame_no: int, pair: int) -> NDArray[np.uint8]:
    """Return the bar code, `(2, 28)` of 0 and 1: 20 bits camera, 24 bits frame, 4 bits pair, 8 bits check."""
    value = (camera_no & 0xFFFFF) << 28 | (frame_no & 0xFFFFFF) << 4 | pair & 0xF
    value = value << 8 | crc8(value.to_bytes(6, "big"))
    bits = np.array([value >> (BITS - 1 - i) & 1 for i in range(BITS)], np.uint8)
    bits[1::2] ^= 1  # whitening: an all-black or all-white corner never passes the check
    return bits.reshape(2, COLUMNS)


def patch(camera_no: int, frame_no: int, pair: int) -> NDArray[np.uint8]:
    """Return the bar code as luma, `(12, 168)`."""
    grid = np.where(cells(camera_no, frame_no, pair) == 1, LIGHT, DARK).astype(np.uint8)
    return np.repeat(np.repeat(grid, CELL, 0), CELL, 1)


def read_code(frame: Frame) -> tuple[int, int, int] | None:
    """Return camera number, frame number and pair, or None when the corner holds no valid code.

    The picture may have been scaled: cells are found by its width (640 wide when drawn).
    """
    scale = frame.shape[1] / 640
    luma = frame[: max(1, round(CODE_H * scale)), : round(CODE_W * scale)].astype(np.float32).mean(axis=2)
    bits = 0
    for row in range(BITS // COLUMNS):
        for col in range(COLUMNS):
            y0, x0 = (row * CELL + 2) * scale, (col * CELL + 2) * scale
            cell = luma[int(y0) : int(y0 + 2 * scale) or 1, int(x0) : int(x0 + 2 * scale) or 1]
            if cell.size == 0:
                return None
            one = cell.mean() > (DARK + LIGHT) / 2
            bits = bits << 1 | (int(one) ^ (col + row * COLUMNS) % 2)
    value, check = bits >> 8, bits & 0xFF
    if crc8(value.to_bytes(6, "big")) != check or value & 0xF >= len(PAIRS):
        return None
    return value >> 28, value >> 4 & 0xFFFFFF, value & 0xF


def read(frame: Frame, pair: int | None = None) -> Seen:
    """Read camera, frame number and subject from one decoded frame.

    `pair` is what the run's world file says the subject wears; without it the bar code's own word is taken.
    """
    code = read_code(frame)
    worn = pair if pair is not None else code[2] if code else None
    box = find_pair(frame, worn) if worn is not None else None
    if code is None:
        return Seen(None, None, None, box is not None, box)
    return Seen(code[0], code[1], code[2], box is not None, box)


def find_pair(frame: Frame, pair: int) -> Box | None:
    """Return where the pair is worn, first colour above the second, or None."""
    upper, lower = PAIRS[pair]
    top = int(np.ceil((CODE_H + 4) * frame.shape[1] / 640))
    marks = _classify(frame, np.array([COLOURS[upper], COLOURS[lower]], np.float32))
    marks[:top] = 0
    x1, y1, x2, y2 = _best_blob(marks)
    return None if x2 < 0 else Box(x1, y1, x2, y2)


@jit
def _classify(frame: NDArray[np.uint8], worn: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Mark each pixel 1 or 2 where its chroma points the way of a worn colour and is strong enough."""
    h, w = frame.shape[0], frame.shape[1]
    out = np.zeros((h, w), np.uint8)
    cb = np.empty(2, np.float32)
    cr = np.empty(2, np.float32)
    for k in range(2):
        r, g, b = worn[k, 0], worn[k, 1], worn[k, 2]
        u = -0.169 * r - 0.331 * g + 0.5 * b
        v = 0.5 * r - 0.419 * g - 0.081 * b
        n = (u * u + v * v) ** 0.5
        cb[k], cr[k] = u / n, v / n
    for y in range(h):
        for x in range(w):
            r, g, b = np.float32(frame[y, x, 0]), np.float32(frame[y, x, 1]), np.float32(frame[y, x, 2])
            u = -0.169 * r - 0.331 * g + 0.5 * b
            v = 0.5 * r - 0.419 * g - 0.081 * b
            n2 = u * u + v * v
            if n2 < 18.0 * 18.0:  # the city's strongest other chroma (a sodium lamp, a sign) points elsewhere
                continue
            n = n2**0.5
            for k in range(2):
                if u * cb[k] + v * cr[k] > 0.94 * n:  # within 20 degrees of hue
                    out[y, x] = k + 1
    return out


@jit
def _best_blob(marks: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Return the box of the largest joined blob in which colour 1 stands above colour 2, or -1s."""
    h, w = marks.shape
    label = np.zeros((h, w), np.int32)
    stack = np.empty((h * w, 2), np.int32)
    best = 0
    bx1, by1, bx2, by2 = -1, -1, -1, -1
    current = 0
    for sy in range(h):
        for sx in range(w):
            if marks[sy, sx] == 0 or label[sy, sx] != 0:
                continue
            current += 1
            label[sy, sx] = current
            stack[0, 0], stack[0, 1] = sy, sx
            n = 1
            count1, count2, sum1, sum2 = 0, 0, 0.0, 0.0
            x1, y1, x2, y2 = sx, sy, sx, sy
            while n > 0:
                n -= 1
                y, x = stack[n, 0], stack[n, 1]
                if marks[y, x] == 1:
                    count1 += 1
                    sum1 += y
                else:
                    count2 += 1
                    sum2 += y
                x1, x2, y1, y2 = min(x1, x), max(x2, x), min(y1, y), max(y2, y)
                for dy in range(-3, 4):  # the belt between the colours may be smeared grey for up to 3 pixels
                    for dx in range(-2, 3):
                        v, u = y + dy, x + dx
                        if 0 <= v < h and 0 <= u < w and marks[v, u] != 0 and label[v, u] == 0:
                            label[v, u] = current
                            stack[n, 0], stack[n, 1] = v, u
                            n += 1
            if count1 >= 8 and count2 >= 8 and count1 + count2 > best:
                ratio = count1 / count2
                if sum1 / count1 < sum2 / count2 and 0.2 < ratio < 5.0 and y2 - y1 > 0.9 * (x2 - x1):
                    best = count1 + count2
                    bx1, by1, bx2, by2 = x1, y1, x2 + 1, y2 + 1
    return bx1, by1, bx2, by2
