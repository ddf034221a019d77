"""Cast one ray per pixel into a scene at night: the still picture a fixed camera sees, with its depth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansimnet_sim.figures import EXPOSURE, hit_car, lit_by
from ansimnet_sim.jit import jit
from ansimnet_sim.scene import Scene

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What stands still. `rgb` `(H, W, 3)` uint8; `depth` `(H, W)` float32, metres along the optical axis."""

    rgb: U8
    depth: F32


def render(scene: Scene, width: int = 640, height: int = 360, seed: int = 0) -> Backdrop:
    """Draw the still picture: cast, soften edges with four rays, bloom, vignette, grain."""
    focal = scene.focal * width / 640
    args = (
        scene.camera, focal, scene.walls, scene.streets, scene.crossings, scene.lamps, scene.poles, scene.trees,
        scene.cars, scene.parks,
    )  # fmt: skip
    linear, depth, ids = _cast(width, height, *args)
    _smooth(linear, ids, *args)
    linear += 0.55 * _blur(np.maximum(linear - 0.55, 0), 5) + 0.16 * _blur(np.maximum(linear - 0.35, 0), 17)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    vignette = 1 - 0.30 * (((x / width - 0.5) * 2) ** 2 * 0.5 + ((y / height - 0.5) * 2) ** 2 * 0.5)
    shown = 255 * (1 - np.exp(-EXPOSURE * np.maximum(linear * vignette[..., None], 0))) ** (1 / 2.2)
    rng = np.random.default_rng(seed)
    grain = rng.normal(0, 1.4, (height, width, 1)).astype(np.float32)
    return Backdrop(np.clip(shown + grain, 0, 250).astype(np.uint8), depth)


def _blur(image: F32, radius: int) -> F32:
    out = image
    for _ in range(2):
        for axis in (0, 1):
            total = np.cumsum(np.pad(out, [(radius + 1, radius) if a == axis else (0, 0) for a in range(3)], "edge"), axis)
            n = out.shape[axis]
            upper = np.take(total, range(2 * radius + 1, 2 * radius + 1 + n), axis)
            out = ((upper - np.take(total, range(n), axis)) / (2 * radius + 1)).astype(np.float32)
    return out


@jit
def _hash(a: float, b: float, c: float) -> float:
    v = math.sin(a * 12.9898 + b * 78.233 + c * 37.719) * 43758.5453
    return v - math.floor(v)


@jit
def _noise(x: float, y: float) -> float:
    ix, iy = math.floor(x), math.floor(y)
    fx, fy = x - ix, y - iy
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    a = _hash(ix, iy, 1.0) * (1 - fx) + _hash(ix + 1, iy, 1.0) * fx
    b = _hash(ix, iy + 1, 1.0) * (1 - fx) + _hash(ix + 1, iy + 1, 1.0) * fx
    return a * (1 - fy) + b * fy


@jit
def _wall(row: F64, s: float, z: float, far: float, out: F64) -> int:
    """Write albedo 3 and own light 3 of a wall at `s` metres along and `z` up; return a texture id."""
    seed, length = row[5], row[7]
    tint = _hash(seed, 1.0, 2.0)
    base = 0.13 + 0.16 * _hash(seed, 3.0, 1.0)
    out[0], out[1], out[2] = base * (1.0 + 0.20 * tint), base * (1.0 + 0.04 * tint), base * (1.04 - 0.22 * tint)
    out[3] = out[4] = out[5] = 0.0
    stain = 0.85 + 0.3 * _noise(s * 0.7 + seed, z * 0.5)
    texture = 1
    shop = row[6] > 0 and length > 4
    if shop and z < 3.3:
        unit = max(3.2, length / max(1.0, math.floor(length / 4.2)))
        n = math.floor(s / unit)
        f = s / unit - n
        open_ = _hash(seed, n, 9.0) < 0.34
        if 2.55 < z < 3.2 and 0.04 < f < 0.96:  # the sign over the shop
            hue = _hash(seed, n, 4.0)
            glow = 0.34 if open_ else 0.02
            r, g, b = (0.62, 0.60, 0.52) if hue < 0.35 else (0.25, 0.42, 0.36) if hue < 0.6 else (
                0.58, 0.30, 0.20) if hue < 0.8 else (0.28, 0.36, 0.50)
            ink = 0.35 < (z - 2.55) / 0.65 < 0.75 and 0.2 < f < 0.8 and _hash(seed, n, math.floor(f * 18)) < 0.6
            out[0], out[1], out[2] = r * 0.5, g * 0.5, b * 0.5
            k = glow * (1.9 if ink else 0.8)
            out[3], out[4], out[5] = r * k, g * k, b * k
            texture = 5 if ink else 4
        elif 0.05 < f < 0.95 and 0.12 < z < 2.4:
            if open_:
                bar = abs(f - 0.5) < 0.015 or z > 2.3
                shelf = 0.55 + 0.45 * _hash(math.floor(f * 9), math.floor(z * 2.6), seed)
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
        lit = _hash(seed + n * 1.7, floor_, 5.0)
        frame = f < 0.29 or f > 0.71 or g_ < 0.36 or g_ > 0.76 or abs(f - 0.5) < 0.015
        if frame:
            out[0], out[1], out[2] = 0.20, 0.20, 0.20
            return 9
        out[0], out[1], out[2] = 0.030, 0.036, 0.046
        if lit < 0.11:
            curtain = 0.75 + 0.25 * math.sin(f * 60.0)
            cool = lit < 0.025
            out[3], out[4], out[5] = (0.30 * curtain, 0.36 * curtain, 0.40 * curtain) if cool else (
                0.46 * curtain, 0.34 * curtain, 0.16 * curtain)
            return 10
        return 11
    if z > row[4] - 0.35:
        stain *= 1.25
        texture = 12
    elif tint > 0.55 and far < 45:  # brick
        course = math.floor(z / 0.09)
        along = s / 0.24 + 0.5 * (course % 2)
        mortar = z / 0.09 - course < 0.14 or along - math.floor(along) < 0.06
        stain *= 0.80 if mortar and far < 14 else 0.92 + 0.16 * _hash(math.floor(along), course, seed)
    for k in range(3):
        out[k] *= stain
    return texture


@jit
def _ground(x: float, y: float, far: float, streets: F64, crossings: F64, parks: F64, out: F64) -> int:
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
    rough = 0.86 + 0.20 * _noise(x * 1.3, y * 1.3) + (0.10 * _noise(x * 7, y * 7) if far < 30 else 0.05)
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
                wear = 0.42 + 0.18 * _noise(x * 3, y * 3)
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


@jit
def _ray(
    o: F64, dx: float, dy: float, dz: float, walls: F64, streets: F64, crossings: F64, lamps: F64, poles: F64,
    trees: F64, cars: F64, parks: F64, rgb: F64, mat: F64, light: F64,
) -> tuple[float, int]:
    """Follow one ray: linear colour to `rgb`, returned depth and an id of what was met."""
    best, kind, index, along = 1e6, 0, 0, 0.0
    if dz < -1e-6:
        best, kind = -o[2] / dz, 1
    for i in range(walls.shape[0]):
        ax, ay = walls[i, 0] - o[0], walls[i, 1] - o[1]
        ex, ey = walls[i, 2] - walls[i, 0], walls[i, 3] - walls[i, 1]
        det = dx * ey - dy * ex
        if det <= 1e-12 and det >= -1e-12:
            continue
        t = (ax * ey - ay * ex) / det
        if t <= 0.2 or t >= best:
            continue
        s = (ax * dy - ay * dx) / det
        z = o[2] + t * dz
        if 0.0 <= s <= 1.0 and 0.0 <= z <= walls[i, 4]:
            best, kind, index, along = t, 2, i, s
    d2 = dx * dx + dy * dy
    for i in range(poles.shape[0]):
        px, py = poles[i, 0] - o[0], poles[i, 1] - o[1]
        t = (px * dx + py * dy) / d2
        if t <= 0.5 or t >= best:
            continue
        gap = abs(px * dy - py * dx) / math.sqrt(d2)
        z = o[2] + t * dz
        if gap < poles[i, 2] and 0.0 <= z <= poles[i, 3]:
            best, kind, index, along = t, 3, i, gap / poles[i, 2]
    for i in range(lamps.shape[0]):
        if lamps[i, 2] < 3.0:
            continue
        px, py, pz = lamps[i, 0] - o[0], lamps[i, 1] - o[1], lamps[i, 2] - o[2]
        dd = d2 + dz * dz
        t = (px * dx + py * dy + pz * dz) / dd
        if t <= 0.5 or t >= best:
            continue
        gx, gy, gz = t * dx - px, t * dy - py, t * dz - pz
        if gx * gx + gy * gy + 3.0 * gz * gz < 0.055:
            best, kind, index = t, 4, i
    for i in range(trees.shape[0]):
        px, py, pz = trees[i, 0] - o[0], trees[i, 1] - o[1], trees[i, 2] - o[2]
        dd = d2 + dz * dz
        t = (px * dx + py * dy + pz * dz) / dd
        if t <= 0.5 or t >= best:
            continue
        gx, gy, gz = t * dx - px, t * dy - py, t * dz - pz
        g = math.sqrt(gx * gx + gy * gy + gz * gz)
        side = gx * dy / math.sqrt(d2) - gy * dx / math.sqrt(d2)
        leaf = _noise(side * 3.2 + trees[i, 4], gz * 3.2) * 0.55 + _noise(side * 7 + trees[i, 4], gz * 7) * 0.35
        if g < trees[i, 3] * (0.62 + 0.55 * leaf) and leaf > 0.24:
            best, kind, index, along = t, 5, i, leaf
    for i in range(cars.shape[0]):
        rx, ry = cars[i, 0] - o[0], cars[i, 1] - o[1]
        if abs(rx * dy - ry * dx) > 2.8 * math.sqrt(d2) or rx * dx + ry * dy < 0:
            continue
        t = hit_car(cars[i], o, dx, dy, dz, mat)
        if 0.3 < t < best:
            best, kind, index = t, 6, i
    return best, _shade(o, dx, dy, dz, best, kind, index, along, walls, streets, crossings, lamps, trees, cars, parks,
                        rgb, mat, light)


@jit
def _shade(
    o: F64, dx: float, dy: float, dz: float, t: float, kind: int, index: int, along: float, walls: F64, streets: F64,
    crossings: F64, lamps: F64, trees: F64, cars: F64, parks: F64, rgb: F64, mat: F64, light: F64,
) -> int:
    x, y, z = o[0] + t * dx, o[1] + t * dy, o[2] + t * dz
    glow = max(0.0, 1.0 - abs(dz) * 3.0)
    sky_r, sky_g, sky_b = 0.010 + 0.016 * glow, 0.012 + 0.016 * glow, 0.019 + 0.018 * glow
    if kind == 0 or t > 400:
        rgb[0], rgb[1], rgb[2] = sky_r, sky_g, sky_b
        return 0
    code = kind * 1000
    if kind == 1:
        code += _ground(x, y, t, streets, crossings, parks, mat)
        lit_by(lamps, x, y, 0.0, 0.0, 0.0, 1.0, light)
        k = 1.0
        for i in range(cars.shape[0]):
            rx, ry = x - cars[i, 0], y - cars[i, 1]
            if abs(rx) < 4 and abs(ry) < 4:
                l, s = rx * cars[i, 2] + ry * cars[i, 3], rx * cars[i, 3] - ry * cars[i, 2]
                gap = max(abs(l) - cars[i, 4], abs(s) - cars[i, 5])
                k = min(k, max(0.22, min(1.0, 0.40 + gap)))
        for c in range(3):
            rgb[c] = mat[c] * light[c] * k
    elif kind == 2:
        row = walls[index]
        code += _wall(row, along * row[7], z, t, mat) + (index % 7) * 100
        nx, ny = (row[3] - row[1]) / (row[7] + 1e-9), -(row[2] - row[0]) / (row[7] + 1e-9)
        lit_by(lamps, x, y, z, nx, ny, 0.0, light)
        foot = 0.65 + 0.35 * min(1.0, z / 0.8)
        for c in range(3):
            rgb[c] = mat[c] * light[c] * foot + mat[3 + c]
    elif kind == 3:
        lit_by(lamps, x, y, z, 0.0, 0.0, 0.0, light)
        for c in range(3):
            rgb[c] = 0.07 * (1.0 - 0.5 * along * along) * light[c]
    elif kind == 4:
        for c in range(3):
            rgb[c] = 2.2 * lamps[index, 3 + c]
    elif kind == 5:
        lit_by(lamps, x, y, z, 0.0, 0.0, 0.0, light)
        k = 0.35 + 1.1 * along
        rgb[0], rgb[1], rgb[2] = 0.060 * k * light[0], 0.078 * k * light[1], 0.040 * k * light[2]
        code += int(along * 6)
    else:
        hit_car(cars[index], o, dx, dy, dz, mat)
        lit_by(lamps, x, y, z, mat[0], mat[1], mat[2], light)
        code += index * 7 + int(mat[3] * 40) + int(mat[0] * 3 + 3) * 11
        for c in range(3):
            rgb[c] = mat[3 + c] * (light[c] + 0.03) + mat[6 + c]
    haze = 1.0 - math.exp(-t / 150.0)
    rgb[0] += (sky_r * 1.6 - rgb[0]) * haze
    rgb[1] += (sky_g * 1.6 - rgb[1]) * haze
    rgb[2] += (sky_b * 1.6 - rgb[2]) * haze
    return code


@jit
def _cast(
    width: int, height: int, o: F64, focal: float, walls: F64, streets: F64, crossings: F64, lamps: F64, poles: F64,
    trees: F64, cars: F64, parks: F64,
) -> tuple[F32, F32, NDArray[np.int32]]:
    linear = np.zeros((height, width, 3), np.float32)
    depth = np.zeros((height, width), np.float32)
    ids = np.zeros((height, width), np.int32)
    rgb, mat, light = np.zeros(3), np.zeros(9), np.zeros(3)
    for v in range(height):
        for u in range(width):
            a, b = (u + 0.5 - width / 2.0) / focal, (height / 2.0 - v - 0.5) / focal
            dx, dy, dz = o[3] + o[6] * a + o[9] * b, o[4] + o[7] * a + o[10] * b, o[5] + o[8] * a + o[11] * b
            t, code = _ray(o, dx, dy, dz, walls, streets, crossings, lamps, poles, trees, cars, parks, rgb, mat, light)
            depth[v, u] = t
            ids[v, u] = code
            for k in range(3):
                linear[v, u, k] = rgb[k]
    return linear, depth, ids


@jit
def _smooth(
    linear: F32, ids: NDArray[np.int32], o: F64, focal: float, walls: F64, streets: F64, crossings: F64, lamps: F64,
    poles: F64, trees: F64, cars: F64, parks: F64,
) -> None:
    """Cast four rays where the neighbours met something else."""
    height, width = ids.shape
    rgb, mat, light, total = np.zeros(3), np.zeros(9), np.zeros(3), np.zeros(3)
    for v in range(height):
        for u in range(width):
            here = ids[v, u]
            if not (
                (u > 0 and ids[v, u - 1] != here)
                or (u + 1 < width and ids[v, u + 1] != here)
                or (v > 0 and ids[v - 1, u] != here)
                or (v + 1 < height and ids[v + 1, u] != here)
            ):
                continue
            total[:] = 0.0
            for n in range(4):
                du, dv = 0.25 + 0.5 * (n % 2), 0.25 + 0.5 * (n // 2)
                a, b = (u + du - width / 2.0) / focal, (height / 2.0 - v - dv) / focal
                dx, dy, dz = o[3] + o[6] * a + o[9] * b, o[4] + o[7] * a + o[10] * b, o[5] + o[8] * a + o[11] * b
                _ray(o, dx, dy, dz, walls, streets, crossings, lamps, poles, trees, cars, parks, rgb, mat, light)
                for k in range(3):
                    total[k] += min(1.5, rgb[k])
            for k in range(3):
                linear[v, u, k] = total[k] / 4.0
