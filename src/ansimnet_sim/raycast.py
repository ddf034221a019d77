"""Cast one ray per pixel into a scene at night: the still picture a fixed camera sees, with its depth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansimnet_sim.figures import EXPOSURE, hit_car, lit_by
from ansimnet_sim.jit import jit
from ansimnet_sim.scene import Scene
from ansimnet_sim.textures import ground, noise, wall

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
            total = np.cumsum(
                np.pad(out, [(radius + 1, radius) if a == axis else (0, 0) for a in range(3)], "edge"), axis
            )
            n = out.shape[axis]
            upper = np.take(total, range(2 * radius + 1, 2 * radius + 1 + n), axis)
            out = ((upper - np.take(total, range(n), axis)) / (2 * radius + 1)).astype(np.float32)
    return out


@jit
def _ray(
    o: F64,
    dx: float,
    dy: float,
    dz: float,
    walls: F64,
    streets: F64,
    crossings: F64,
    lamps: F64,
    poles: F64,
    trees: F64,
    cars: F64,
    parks: F64,
    rgb: F64,
    mat: F64,
    light: F64,
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
        leaf = noise(side * 3.2 + trees[i, 4], gz * 3.2) * 0.55 + noise(side * 7 + trees[i, 4], gz * 7) * 0.35
        if g < trees[i, 3] * (0.62 + 0.55 * leaf) and leaf > 0.24:
            best, kind, index, along = t, 5, i, leaf
    for i in range(cars.shape[0]):
        rx, ry = cars[i, 0] - o[0], cars[i, 1] - o[1]
        if abs(rx * dy - ry * dx) > 2.8 * math.sqrt(d2) or rx * dx + ry * dy < 0:
            continue
        t = hit_car(cars[i], o, dx, dy, dz, mat)
        if 0.3 < t < best:
            best, kind, index = t, 6, i
    return best, _shade(
        o, dx, dy, dz, best, kind, index, along, walls, streets, crossings, lamps, trees, cars, parks, rgb, mat, light
    )


@jit
def _shade(
    o: F64,
    dx: float,
    dy: float,
    dz: float,
    t: float,
    kind: int,
    index: int,
    along: float,
    walls: F64,
    streets: F64,
    crossings: F64,
    lamps: F64,
    trees: F64,
    cars: F64,
    parks: F64,
    rgb: F64,
    mat: F64,
    light: F64,
) -> int:
    x, y, z = o[0] + t * dx, o[1] + t * dy, o[2] + t * dz
    glow = max(0.0, 1.0 - abs(dz) * 3.0)
    sky_r, sky_g, sky_b = 0.010 + 0.016 * glow, 0.012 + 0.016 * glow, 0.019 + 0.018 * glow
    if kind == 0 or t > 400:
        rgb[0], rgb[1], rgb[2] = sky_r, sky_g, sky_b
        return 0
    code = kind * 1000
    if kind == 1:
        code += ground(x, y, t, streets, crossings, parks, mat)
        lit_by(lamps, x, y, 0.0, 0.0, 0.0, 1.0, light)
        k = 1.0
        for i in range(cars.shape[0]):
            rx, ry = x - cars[i, 0], y - cars[i, 1]
            if abs(rx) < 4 and abs(ry) < 4:
                f, s = rx * cars[i, 2] + ry * cars[i, 3], rx * cars[i, 3] - ry * cars[i, 2]
                gap = max(abs(f) - cars[i, 4], abs(s) - cars[i, 5])
                k = min(k, max(0.22, min(1.0, 0.40 + gap)))
        for c in range(3):
            rgb[c] = mat[c] * light[c] * k
    elif kind == 2:
        row = walls[index]
        code += wall(row, along * row[7], z, t, mat) + (index % 7) * 100
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
    width: int,
    height: int,
    o: F64,
    focal: float,
    walls: F64,
    streets: F64,
    crossings: F64,
    lamps: F64,
    poles: F64,
    trees: F64,
    cars: F64,
    parks: F64,
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
    linear: F32,
    ids: NDArray[np.int32],
    o: F64,
    focal: float,
    walls: F64,
    streets: F64,
    crossings: F64,
    lamps: F64,
    poles: F64,
    trees: F64,
    cars: F64,
    parks: F64,
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
