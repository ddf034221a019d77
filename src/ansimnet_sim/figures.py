"""People and cars as a camera sees them: rows of numbers in, shaded pixels out.

A person stands on a card turned to the camera, drawn as rounded limbs from distance functions (so the edges are
smooth at any size); a car is two boxes met by rays. Both are tested pixel by pixel against the depth of what stands
still, so a wall hides what is behind it and nothing else.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ansimnet_sim.jit import jit

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

CAR_COLOURS: tuple[tuple[float, float, float], ...] = (
    (0.75, 0.76, 0.78), (0.62, 0.63, 0.65), (0.10, 0.10, 0.11), (0.05, 0.05, 0.06), (0.30, 0.32, 0.35),
    (0.12, 0.16, 0.26), (0.34, 0.07, 0.07), (0.70, 0.70, 0.68),
)  # fmt: skip
"""What Koreans drive: white, silver, black, grey, and a little blue and red."""
COATS: tuple[tuple[float, float, float], ...] = (
    (0.10, 0.11, 0.13), (0.05, 0.05, 0.06), (0.20, 0.19, 0.17), (0.26, 0.25, 0.24), (0.14, 0.11, 0.08),
    (0.07, 0.09, 0.15), (0.36, 0.34, 0.32), (0.15, 0.16, 0.14), (0.19, 0.12, 0.11),
)  # fmt: skip
"""Winter coats of passers-by: all far less vivid than the pair the subject wears."""
EXPOSURE = 3.3
"""Chosen by eye: a lamp-lit lane reads as night and a face at 15 m is still a face."""


def car_row(
    x: float,
    y: float,
    heading: float,
    colour: tuple[float, float, float],
    *,
    lit: bool,
    kind: int = 0,
    police: bool = False,
) -> list[float]:
    """Return x y sin cos half-length half-width body-height roof-height r g b flags; heading clockwise from north."""
    half_l, half_w, body, roof = ((2.3, 0.92, 0.86, 1.46), (2.35, 0.95, 1.02, 1.72), (2.45, 0.95, 1.15, 1.95))[kind]
    return [x, y, math.sin(heading), math.cos(heading), half_l, half_w, body, roof, *colour,
            float(lit) + 2.0 * float(police)]  # fmt: skip


def person_row(
    x: float,
    y: float,
    heading: float,
    phase: float,
    height_m: float,
    upper: tuple[float, float, float],
    lower: tuple[float, float, float],
    *,
    hair: tuple[float, float, float] = (0.05, 0.045, 0.04),
    coded: bool = False,
    stride: float = 1.0,
) -> list[float]:
    """Return x y sin cos phase height, upper rgb, lower rgb, hair rgb, coded, stride; phase in radians of the gait."""
    return [x, y, math.sin(heading), math.cos(heading), phase, height_m, *upper, *lower, *hair, float(coded), stride]


@jit
def tone(c: float) -> float:
    """Return linear light as a display value 0..255: a soft shoulder, then gamma 2.2."""
    value: float = 255.0 * (1.0 - math.exp(-EXPOSURE * max(0.0, c))) ** (1.0 / 2.2)
    return value


@jit
def lit_by(lamps: F64, x: float, y: float, z: float, nx: float, ny: float, nz: float, out: F64) -> None:
    """Write the light (r, g, b) that falls on a surface; a normal of zero length asks for light from anywhere."""
    out[0], out[1], out[2] = 0.020, 0.024, 0.034  # the glow of a city's sky, bluish
    free = nx * nx + ny * ny + nz * nz < 0.25
    for i in range(lamps.shape[0]):
        dx, dy, dz = lamps[i, 0] - x, lamps[i, 1] - y, lamps[i, 2] - z
        d2 = dx * dx + dy * dy + dz * dz
        if d2 > 1600.0:
            continue
        d = math.sqrt(d2) + 1e-6
        c = 0.62 if free else (dx * nx + dy * ny + dz * nz) / d
        if c <= 0.0:
            continue
        down = max(0.10, dz / d)  # the shade of the lamp throws light down
        e = 1.35 * lamps[i, 6] * c * (0.25 + 0.75 * down) / (d2 + 2.0) * max(0.0, 1.0 - d2 / 1600.0)
        out[0] += e * lamps[i, 3]
        out[1] += e * lamps[i, 4]
        out[2] += e * lamps[i, 5]


@jit
def hit_car(car: F64, o: F64, dx: float, dy: float, dz: float, out: F64) -> float:
    """Return how far along the ray a car is met, or -1. Writes normal 3, albedo 3, own light 3 to `out`."""
    sh, ch = car[2], car[3]
    rx, ry = o[0] - car[0], o[1] - car[1]
    ol, ow = rx * sh + ry * ch, rx * ch - ry * sh
    dl, dw = dx * sh + dy * ch, dx * ch - dy * sh
    best = -1.0
    face, part = 0, 0
    for box in range(2):
        if box == 0:
            l0, l1, w, z0, z1 = -car[4], car[4], car[5], 0.22, car[6]
        else:
            l0, l1, w, z0, z1 = -car[4] * 0.78, car[4] * 0.42, car[5] * 0.86, car[6], car[7]
        t0, t1, f = -1e9, 1e9, 0
        for axis in range(3):
            if axis == 0:
                p, d, a, b = ol, dl, l0, l1
            elif axis == 1:
                p, d, a, b = ow, dw, -w, w
            else:
                p, d, a, b = o[2], dz, z0, z1
            if abs(d) < 1e-9:
                if p < a or p > b:
                    t0, t1 = 1.0, 0.0
                continue
            ta, tb = (a - p) / d, (b - p) / d
            near_face = axis * 2
            if ta > tb:
                ta, tb = tb, ta
                near_face += 1
            if ta > t0:
                t0, f = ta, near_face
            t1 = min(t1, tb)
        if t0 < t1 and t0 > 0.3 and (best < 0 or t0 < best):
            best, face, part = t0, f, box
    if best < 0:
        return -1.0
    s_l, w, z = ol + best * dl, ow + best * dw, o[2] + best * dz
    for k in range(9):
        out[k] = 0.0
    if face < 2:
        s = 1.0 if face == 1 else -1.0
        out[0], out[1] = s * sh, s * ch
    elif face < 4:
        s = 1.0 if face == 3 else -1.0
        out[0], out[1] = s * ch, -s * sh
    else:
        out[2] = 1.0
    flags = int(car[11])
    lit, police = flags % 2 == 1, flags // 2 == 1
    r, g, b = car[8], car[9], car[10]
    if part == 1 and face < 4:
        edge = z > car[7] - 0.10 or (face >= 2 and abs(abs(s_l + 0.18 * car[4]) - 0.30 * car[4]) < 0.05)
        if not edge:
            r, g, b = 0.030, 0.036, 0.045
    elif part == 0 and face >= 2 and face < 4:
        for axle in range(2):
            a = s_l - (0.62 if axle == 0 else -0.62) * car[4]
            if a * a + (z - 0.33) ** 2 < 0.33 * 0.33:
                r, g, b = 0.02, 0.02, 0.022
        if police and 0.45 < z < 0.68:
            r, g, b = 0.02, 0.06, 0.30
    elif part == 0 and face < 2:
        corner = abs(w) > 0.58 * car[5] and car[6] - 0.42 < z < car[6] - 0.16
        if corner and face == 1:
            r, g, b = 0.5, 0.5, 0.5
            if lit:
                out[6], out[7], out[8] = 1.6, 1.55, 1.4
        elif corner and face == 0:
            r, g, b = 0.20, 0.01, 0.01
            if lit:
                out[6], out[7], out[8] = 0.60, 0.02, 0.02
        elif abs(w) < 0.27 and 0.42 < z < 0.56:
            r, g, b = 0.62, 0.63, 0.60
        elif z < 0.42:
            r, g, b = r * 0.3, g * 0.3, b * 0.3
    if police and part == 1 and face == 5:
        r, g, b = 0.8, 0.8, 0.84
    if police and part == 1 and z > car[7] - 0.07 and abs(s_l + 0.1) < 0.5:
        out[6], out[8] = (1.2, 0.05) if w > 0 else (0.05, 1.4)
    out[3], out[4], out[5] = r, g, b
    return best


@jit
def draw_car(
    rgb: U8, depth: F32, o: F64, focal: float, lamps: F64, car: F64, x1: int, y1: int, x2: int, y2: int
) -> int:
    """Draw one moving car into a rectangle of the picture with a shadow and the pool of its lamps; count its pixels."""
    h, w = depth.shape
    cu, cv = w / 2.0, h / 2.0
    out = np.zeros(9)
    light = np.zeros(3)
    drawn = 0
    lit = int(car[11]) % 2 == 1
    for v in range(y1, y2):
        for u in range(x1, x2):
            a, b = (u + 0.5 - cu) / focal, (cv - v - 0.5) / focal
            dx, dy, dz = o[3] + o[6] * a + o[9] * b, o[4] + o[7] * a + o[10] * b, o[5] + o[8] * a + o[11] * b
            t = hit_car(car, o, dx, dy, dz, out)
            if t > 0 and t < depth[v, u]:
                x, y, z = o[0] + t * dx, o[1] + t * dy, o[2] + t * dz
                lit_by(lamps, x, y, z, out[0], out[1], out[2], light)
                for k in range(3):
                    rgb[v, u, k] = np.uint8(tone(out[3 + k] * (light[k] + 0.035) + out[6 + k]))
                drawn += 1
                continue
            if dz >= -1e-6:
                continue
            tg = -o[2] / dz
            if abs(tg - depth[v, u]) > 0.02 * tg + 0.1:
                continue
            rx, ry = o[0] + tg * dx - car[0], o[1] + tg * dy - car[1]
            ahead_m, s = rx * car[2] + ry * car[3], rx * car[3] - ry * car[2]
            gap = max(abs(ahead_m) - car[4] + 0.1, abs(s) - car[5] + 0.1)
            k_shadow = 1.0 - 0.6 * max(0.0, min(1.0, (0.35 - gap) / 0.5))
            glow = 0.0
            if lit and ahead_m > car[4]:
                ahead = ahead_m - car[4]
                spread = s / (0.9 + 0.16 * ahead)
                glow = 62.0 * math.exp(-spread * spread) * min(1.0, ahead) * math.exp(-ahead / 7.0)
            if k_shadow < 0.995 or glow > 1.0:
                for k in range(3):
                    value = rgb[v, u, k] * k_shadow + glow * (1.0 if k < 2 else 0.86)
                    rgb[v, u, k] = np.uint8(min(250.0, value))
    return drawn


@jit
def _capsule(u: float, z: float, ax: float, az: float, bx: float, bz: float, ra: float, rb: float) -> float:
    ex, ez = bx - ax, bz - az
    t = ((u - ax) * ex + (z - az) * ez) / (ex * ex + ez * ez + 1e-9)
    t = max(0.0, min(1.0, t))
    px, pz = u - ax - t * ex, z - az - t * ez
    return math.sqrt(px * px + pz * pz) - (ra + t * (rb - ra))


@jit
def figure(u: float, z: float, turn_sin: float, turn_cos: float, p: F64) -> tuple[float, int]:
    """Return the distance to the figure's outline in metres (negative inside) and the part met.

    `u` metres across, `z` metres up; parts 0 legs, 1 body, 2 skin, 3 hair, 4 shoes, 5 far limb.
    """
    tall, swing = p[5], math.sin(p[4]) * 0.30 * p[16]
    side, flat = turn_sin, abs(turn_cos)
    hip, shoulder = 0.49 * tall, 0.775 * tall
    lift = 0.10 * max(0.0, math.cos(p[4])) * p[16]
    best, part = 1e9, 1
    # far leg and arm first, so the near ones lie over them
    for leg in range(2):
        s = 1.0 if leg == 0 else -1.0
        foot = s * swing * side + s * 0.09 * flat
        up = 0.04 + (lift if leg == 0 else 0.10 * max(0.0, -math.cos(p[4])) * p[16])
        knee_u, knee_z = foot * 0.55 + 0.04 * abs(swing) * side, 0.27 * tall + up * 0.4
        d = min(
            _capsule(u, z, s * 0.07 * flat, hip, knee_u, knee_z, 0.092, 0.070),
            _capsule(u, z, knee_u, knee_z, foot, up + 0.03, 0.068, 0.050),
        )
        shoe = _capsule(u, z, foot - 0.03 * side, up, foot + 0.10 * side, up - 0.01, 0.05, 0.045)
        if d < best and d < 0.02:
            best, part = d, 0 if leg == 1 else 5
        elif d < best:
            best, part = d, 0
        if shoe < best and shoe < d:
            best, part = shoe, 4
    wide = 0.135 + 0.055 * flat
    d = _capsule(u, z, 0.0, shoulder - wide * 0.35, 0.0, hip + 0.06, wide, wide * 0.86)
    if d < best:
        best, part = d, 1
    for arm in range(2):
        s = 1.0 if arm == 0 else -1.0
        hand = -s * swing * 0.8 * side + s * 0.25 * flat
        d = _capsule(u, z, s * (wide + 0.015) * flat, shoulder - 0.07, hand, 0.50 * tall, 0.058, 0.048)
        if (d < best and d < 0.03) or d < best:
            best, part = d, 1
    head_z = 0.915 * tall
    dx, dz = u - 0.02 * side, z - head_z
    d = math.sqrt(dx * dx + dz * dz * 0.72) - 0.108
    neck = _capsule(u, z, 0.0, shoulder, 0.01 * side, head_z, 0.055, 0.055)
    if neck < best:
        best, part = neck, 2
    if d < best:
        best = d
        part = 3 if dz > 0.02 - 0.10 * (1.0 if turn_cos < 0 else 0.2) * abs(turn_cos) - 0.05 * side * dx / 0.1 else 2
    return best, part


@jit
def draw_person(
    rgb: U8, depth: F32, o: F64, focal: float, lamps: F64, p: F64, worn: F64, x1: int, y1: int, x2: int, y2: int
) -> tuple[int, int]:
    """Draw one person into a rectangle; return pixels drawn and pixels the figure would have without walls.

    `worn` holds the display colours (6,) of a coded subject.
    """
    h, w = depth.shape
    cu, cv = w / 2.0, h / 2.0
    nx, ny = p[0] - o[0], p[1] - o[1]
    far = math.sqrt(nx * nx + ny * ny) + 1e-9
    nx, ny = nx / far, ny / far
    turn_sin, turn_cos = p[2] * ny - p[3] * nx, -(p[2] * nx + p[3] * ny)
    light = np.zeros(3)
    lit_by(lamps, p[0], p[1], 1.2, 0.0, 0.0, 0.0, light)
    key = light[1]
    drawn, whole = 0, 0
    for v in range(y1, y2):
        for u in range(x1, x2):
            a, b = (u + 0.5 - cu) / focal, (cv - v - 0.5) / focal
            dx, dy, dz = o[3] + o[6] * a + o[9] * b, o[4] + o[7] * a + o[10] * b, o[5] + o[8] * a + o[11] * b
            across = dx * nx + dy * ny
            if across < 1e-6:
                continue
            t = far / across
            side = (t * dx - far * nx) * ny - (t * dy - far * ny) * nx
            z = o[2] + t * dz
            d, part = figure(side, z, turn_sin, turn_cos, p)
            cover = 0.5 - d * focal / t
            if cover > 0.5:
                whole += 1
            if cover <= 0.0 or t >= depth[v, u]:
                if dz < -1e-6:
                    _shade_ground(rgb, depth, o, dx, dy, dz, p, u, v)
                continue
            cover = min(1.0, cover)
            if cover > 0.5:
                drawn += 1
            round_ = 1.0 - 0.45 * min(1.0, (side / 0.22) ** 2) + 0.10 * (z / p[5])
            for k in range(3):
                if part == 0 or part == 5:
                    albedo = p[9 + k]
                elif part == 1:
                    albedo = p[6 + k]
                elif part == 2:
                    albedo = 0.36 - 0.08 * k
                elif part == 3:
                    albedo = p[12 + k]
                else:
                    albedo = 0.035
                value = tone(albedo * (min(1.1, light[k]) * 0.8 + 0.03) * round_ * (0.7 if part == 5 else 1.0))
                if p[15] > 0.5 and (part == 1 or part == 0 or part == 5):
                    glow = min(1.0, max(0.66, 0.45 + 0.5 * key)) * (0.84 + 0.16 * round_)
                    value = worn[(0 if part == 1 else 3) + k] * glow
                rgb[v, u, k] = np.uint8(min(250.0, rgb[v, u, k] * (1.0 - cover) + value * cover))
    return drawn, whole


@jit
def _shade_ground(rgb: U8, depth: F32, o: F64, dx: float, dy: float, dz: float, p: F64, u: int, v: int) -> None:
    """Darken the ground under the feet."""
    tg = -o[2] / dz
    if abs(tg - depth[v, u]) > 0.02 * tg + 0.1:
        return
    rx, ry = o[0] + tg * dx - p[0], o[1] + tg * dy - p[1]
    d = rx * rx + ry * ry
    if d < 0.36:
        k = 1.0 - 0.55 * (1.0 - d / 0.36)
        for c in range(3):
            rgb[v, u, c] = np.uint8(rgb[v, u, c] * k)
