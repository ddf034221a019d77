"""What walls and grounds look like at a point: windows, shops, signs, brick, asphalt, paint."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ansimnet_sim.jit import jit

F64 = NDArray[np.float64]


@jit
def scatter(a: float, b: float, c: float) -> float:
    v = math.sin(a * 12.9898 + b * 78.233 + c * 37.719) * 43758.5453
    return v - math.floor(v)


@jit
def noise(x: float, y: float) -> float:
    ix, iy = math.floor(x), math.floor(y)
    fx, fy = x - ix, y - iy
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    a = scatter(ix, iy, 1.0) * (1 - fx) + scatter(ix + 1, iy, 1.0) * fx
    b = scatter(ix, iy + 1, 1.0) * (1 - fx) + scatter(ix + 1, iy + 1, 1.0) * fx
    return a * (1 - fy) + b * fy


@jit
def wall(row: F64, s: float, z: float, far: float, out: F64) -> int:
    """Write albedo 3 and own light 3 of a wall at `s` metres along and `z` up; return a texture id."""
    seed, length = row[5], row[7]
    tint = scatter(seed, 1.0, 2.0)
    base = 0.13 + 0.16 * scatter(seed, 3.0, 1.0)
    out[0], out[1], out[2] = base * (1.0 + 0.20 * tint), base * (1.0 + 0.04 * tint), base * (1.04 - 0.22 * tint)
    out[3] = out[4] = out[5] = 0.0
    stain = 0.85 + 0.3 * noise(s * 0.7 + seed, z * 0.5)
    texture = 1
    shop = row[6] > 0 and length > 4
    if shop and z < 3.3:
        unit = max(3.2, length / max(1.0, math.floor(length / 4.2)))
        n = math.floor(s / unit)
        f = s / unit - n
        open_ = scatter(seed, n, 9.0) < 0.34
        if 2.55 < z < 3.2 and 0.04 < f < 0.96:  # the sign over the shop
            hue = scatter(seed, n, 4.0)
            glow = 0.34 if open_ else 0.02
            r, g, b = (
                (0.62, 0.60, 0.52)
                if hue < 0.35
                else (0.25, 0.42, 0.36)
                if hue < 0.6
                else (0.58, 0.30, 0.20)
                if hue < 0.8
                else (0.28, 0.36, 0.50)
            )
            ink = 0.35 < (z - 2.55) / 0.65 < 0.75 and 0.2 < f < 0.8 and scatter(seed, n, math.floor(f * 18)) < 0.6
            out[0], out[1], out[2] = r * 0.5, g * 0.5, b * 0.5
            k = glow * (1.9 if ink else 0.8)
            out[3], out[4], out[5] = r * k, g * k, b * k
            texture = 5 if ink else 4
        elif 0.05 < f < 0.95 and 0.12 < z < 2.4:
            if open_:
                bar = abs(f - 0.5) < 0.015 or z > 2.3
                shelf = 0.55 + 0.45 * scatter(math.floor(f * 9), math.floor(z * 2.6), seed)
                out[3], out[4], out[5] = 0.80 * shelf, 0.68 * shelf, 0.44 * shelf
                if bar:
                    out[3], out[4], out[5] = 0.06, 0.06, 0.06
                texture = 7 if bar else 6
            else:
                rib = 0.8 + 0.2 * math.sin(z * 55.0) if far < 40 else 0.85
                out[0], out[1], out[2] = 0.14 * rib, 0.15 * rib, 0.16 * rib
                texture = 8
        return texture
    cols = max(1.0, math.floor(length / 2.6))
    unit = length / cols
    n, floor_ = math.floor(s / unit), math.floor(z / 3.0)
    f, g_ = s / unit - n, z / 3.0 - floor_
    if z < row[4] - 0.9 and floor_ >= 0 and length > 2.0 and 0.25 < f < 0.75 and 0.32 < g_ < 0.80 and z > 0.9:
        lit = scatter(seed + n * 1.7, floor_, 5.0)
        frame = f < 0.29 or f > 0.71 or g_ < 0.36 or g_ > 0.76 or abs(f - 0.5) < 0.015
        if frame:
            out[0], out[1], out[2] = 0.20, 0.20, 0.20
            return 9
        out[0], out[1], out[2] = 0.030, 0.036, 0.046
        if lit < 0.11:
            curtain = 0.75 + 0.25 * math.sin(f * 60.0)
            cool = lit < 0.025
            out[3], out[4], out[5] = (
                (0.30 * curtain, 0.36 * curtain, 0.40 * curtain)
                if cool
                else (0.46 * curtain, 0.34 * curtain, 0.16 * curtain)
            )
            return 10
        return 11
    if z > row[4] - 0.35:
        stain *= 1.25
        texture = 12
    elif tint > 0.55 and far < 45:  # brick
        course = math.floor(z / 0.09)
        along = s / 0.24 + 0.5 * (course % 2)
        mortar = z / 0.09 - course < 0.14 or along - math.floor(along) < 0.06
        stain *= 0.80 if mortar and far < 14 else 0.92 + 0.16 * scatter(math.floor(along), course, seed)
    for k in range(3):
        out[k] *= stain
    return texture


@jit
def ground(x: float, y: float, far: float, streets: F64, crossings: F64, parks: F64, out: F64) -> int:
    """Write albedo 3 of the ground; return a texture id."""
    best, lane, width, kind, along, foot = 1e9, 0.0, 6.0, 4.0, 0.0, False
    joined = 0
    for i in range(streets.shape[0]):
        ax, ay = streets[i, 0], streets[i, 1]
        ex, ey = streets[i, 2] - ax, streets[i, 3] - ay
        n = math.sqrt(ex * ex + ey * ey) + 1e-9
        t = ((x - ax) * ex + (y - ay) * ey) / n
        off = ((x - ax) * ey - (y - ay) * ex) / n
        out_m = max(0.0, -t, t - n)
        d = max(abs(off), math.sqrt(off * off + out_m * out_m)) - streets[i, 4] / 2
        if d < 0:
            joined += 1
        if d < best:
            best, lane, width, kind, along, foot = d, off, streets[i, 4], streets[i, 5], t, streets[i, 6] > 0.5
    rough = 0.86 + 0.20 * noise(x * 1.3, y * 1.3) + (0.10 * noise(x * 7, y * 7) if far < 30 else 0.05)
    if best > 0.3:
        inside = parks.shape[0] > 0
        for i in range(parks.shape[0]):
            if parks[i, 0] * x + parks[i, 1] * y + parks[i, 2] < 0:
                inside = False
        if inside:
            out[0], out[1], out[2] = 0.05 * rough, 0.075 * rough, 0.04 * rough
            return 20
        out[0] = out[1] = out[2] = 0.12 * rough
        return 21
    if foot:
        out[0], out[1], out[2] = 0.17 * rough, 0.15 * rough, 0.12 * rough
        return 22
    walk = 2.6 if width >= 12 else 0.0
    edge = width / 2 - walk
    if walk > 0 and abs(lane) > edge and joined < 2:
        tile = (math.floor(x * 2.2) + math.floor(y * 2.2)) % 2
        v = (0.185 + 0.02 * tile * (1.0 if far < 30 else 0.5)) * rough
        out[0], out[1], out[2] = v, v * 0.98, v * 0.94
        if abs(lane) < edge + 0.22:
            out[0] = out[1] = out[2] = 0.30
            return 24
        if abs(abs(lane) - edge - 1.15) < 0.16:  # the yellow guiding strip
            out[0], out[1], out[2] = 0.26, 0.22, 0.09
            return 25
        return 23
    v = 0.105 * rough
    out[0], out[1], out[2] = v, v, v * 1.03
    for i in range(crossings.shape[0]):
        rx, ry = x - crossings[i, 0], y - crossings[i, 1]
        if abs(rx) > 24 or abs(ry) > 24:
            continue
        u = rx * crossings[i, 2] + ry * crossings[i, 3]
        s = rx * crossings[i, 3] - ry * crossings[i, 2]
        if abs(u) < crossings[i, 5] and abs(s) < crossings[i, 4]:
            f = s / 0.9
            if f - math.floor(f) < 0.52:
                wear = 0.42 + 0.18 * noise(x * 3, y * 3)
                out[0] = out[1] = out[2] = wear
                return 30
            return 26
        if abs(u - crossings[i, 5] - 1.6) < 0.2 and 0 < s < crossings[i, 4]:
            out[0] = out[1] = out[2] = 0.42
            return 31
        if abs(u) < crossings[i, 5] + 1.6 and abs(s) < crossings[i, 4]:
            return 26
    if joined > 1:
        return 26
    if width >= 12:
        if abs(lane) < 0.26 and (abs(lane) > 0.09 or width < 16):
            out[0], out[1], out[2] = 0.42, 0.31, 0.07
            return 32
        half = edge / 2
        dash = along / 8.0
        if width >= 24 and abs(abs(lane) - half) < 0.08 and dash - math.floor(dash) < 0.45:
            out[0] = out[1] = out[2] = 0.40
            return 33
        if abs(abs(lane) - edge + 0.35) < 0.07:
            out[0], out[1], out[2] = 0.36, 0.28, 0.08
            return 33
    elif width >= 7.5 and abs(lane) < 0.07:
        dash = along / 6.0
        if dash - math.floor(dash) < 0.45:
            out[0], out[1], out[2] = 0.36, 0.27, 0.07
            return 32
    elif abs(abs(lane) - edge + 0.9) < 0.06 and kind > 3.5:
        out[0] = out[1] = out[2] = 0.30  # the white line of a lane's walking strip
        return 34
    return 26
