import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cameras, city, points } from "../fixtures/city";
import { ago, fixes, incident } from "../fixtures/data";
import { circle, cone, cutLine, distanceM, ellipse, joinStreets, reach, reachTo, streetGraph } from "./geometry";
import { sceneBounds, sceneData, trackFeatures, zoneFeature } from "./scene";
import { cameraSource, mapStyle } from "./style";
import { tokenOf, tone } from "./tones";

const style = city();

describe("geometry", () => {
  it("measures a kilometre within a metre", () =>
    expect(distanceM(36.9, 127.9, 36.9 + 1 / 111.195, 127.9)).toBeCloseTo(1000, 0));
  it("goes where a bearing points", () => {
    const [lon, lat] = reachTo(36.9, 127.9, 90, 100);
    expect(lon).toBeGreaterThan(127.9);
    expect(lat).toBeCloseTo(36.9, 9);
  });
  it("draws a closed circle of its radius", () => {
    const ring = circle(36.9, 127.9, 50).geometry.coordinates[0] ?? [];
    expect(ring[0]).toEqual(ring.at(-1));
    for (const [lon, lat] of ring) expect(distanceM(36.9, 127.9, lat ?? 0, lon ?? 0)).toBeCloseTo(50, 3);
  });
  it("lays an ellipse along the course", () => {
    const ring = ellipse(36.9, 127.9, 40, 10, 0).geometry.coordinates[0] ?? [];
    const north = Math.max(...ring.map((p) => (p[1] ?? 0) - 36.9)) * 111_195;
    expect(north).toBeCloseTo(40, 0);
  });
  it("clips a cone at the wall in front of it", () => {
    const wall = circle(36.9 + 20 / 111_195, 127.9, 5);
    const eye = { lat: 36.9, lon: 127.9, azimuth_deg: 0, fov_deg: 30, range_m: 60 };
    const far = (c: ReturnType<typeof cone>) =>
      Math.max(...(c.geometry.coordinates[0] ?? []).map((p) => ((p[1] ?? 0) - 36.9) * 111_195));
    expect(far(cone(eye, []))).toBeCloseTo(60, 0);
    const ring = cone(eye, [wall]).geometry.coordinates[0] ?? [];
    const middle = ring[Math.floor(ring.length / 2)] ?? [];
    expect(((middle[1] ?? 0) - 36.9) * 111_195).toBeLessThan(16);
  });
  it("gives a camera of unknown azimuth a circle", () => {
    const ring =
      cone({ lat: 36.9, lon: 127.9, azimuth_deg: null, fov_deg: 60, range_m: 30 }, []).geometry.coordinates[0] ?? [];
    expect(ring.length).toBeGreaterThan(100);
  });
  it("cuts a line where the metres end", () => {
    const cut = cutLine(
      [
        [127.9, 36.9],
        [127.9, 36.91],
      ],
      100,
    );
    expect(distanceM(36.9, 127.9, cut[1]?.[1] ?? 0, 127.9)).toBeCloseTo(100, 3);
  });
  it("reaches along streets, never farther than the walk", () => {
    const graph = streetGraph(style.streets.features);
    const lines = reach(graph, 36.9, 127.9, 150);
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      for (const [lon, lat] of line.geometry.coordinates)
        expect(distanceM(36.9, 127.9, lat ?? 0, lon ?? 0)).toBeLessThanOrEqual(151);
      expect(line.properties.near).toBeGreaterThan(0);
    }
  });
  it("joins the pieces of a street and loses no metre", () => {
    const long = (list: readonly { geometry: { coordinates: number[][] } }[]) =>
      list.reduce(
        (sum, f) =>
          sum +
          f.geometry.coordinates
            .slice(1)
            .reduce(
              (s, b, i) =>
                s +
                distanceM(
                  f.geometry.coordinates[i]?.[1] ?? 0,
                  f.geometry.coordinates[i]?.[0] ?? 0,
                  b[1] ?? 0,
                  b[0] ?? 0,
                ),
              0,
            ),
        0,
      );
    const joined = joinStreets(style.streets.features);
    expect(joined.length).toBeLessThan(style.streets.features.length / 4);
    expect(long(joined)).toBeCloseTo(long(style.streets.features), 1);
  });
  it("reaches nothing far from any street", () =>
    expect(reach(streetGraph(style.streets.features), 37.5, 127.9, 150)).toEqual([]));
});

describe("style", () => {
  it("names no other machine", () =>
    expect(JSON.stringify(mapStyle(style, points()))).not.toMatch(/https?:|glyphs|sprite/));
  it("has a source for every layer", () => {
    const made = mapStyle(style, points());
    for (const layer of made.layers) if ("source" in layer) expect(Object.keys(made.sources)).toContain(layer.source);
  });
  it("clusters cameras and keeps unknown azimuths apart", () => {
    const source = cameraSource({
      centre: "c",
      count: 2,
      cameras: { id: ["a", "b"], lat: [1, 2], lon: [3, 4], azimuth: [90, null] },
    });
    expect(source).toMatchObject({
      cluster: true,
      data: { features: [{ properties: { a: 90 } }, { properties: { a: -1 } }] },
    });
  });
  it("uses the colours of the tokens", () => {
    const css = readFileSync(new URL("../kit/tokens.css", import.meta.url), "utf8");
    for (const [name, value] of Object.entries(tone))
      expect(css).toContain(`${tokenOf[name as keyof typeof tone]}: ${value}`);
  });
});

describe("scene", () => {
  const scene = {
    subject: { lat: 36.9, lon: 127.9, error_m: 12, speed_mps: 1.6, course_deg: 270, standing: "alarm" as const },
    fixes,
    cameras,
    next: incident.next,
    reachS: 180,
  };
  const data = sceneData(scene, { style, graph: streetGraph(style.streets.features) });
  it("draws one cone for each camera, dashed where it is silent", () => {
    expect(data.cones.features).toHaveLength(cameras.length);
    expect(data.cones.features.filter((f) => f.properties?.silent)).toHaveLength(1);
  });
  it("draws the error, the way ahead and where he may be", () => {
    expect(data.errors.features.length).toBe(1 + incident.next.length);
    expect(data.lines.features).toHaveLength(1);
    expect(data.reach.features.length).toBeGreaterThan(5);
  });
  it("turns a stale person violet", () => {
    const stale = sceneData({ subject: { ...scene.subject, standing: "stale" } }, { style, graph: undefined });
    expect(stale.errors.features[0]?.properties?.tone).toBe(tone.doubt);
  });
  it("bridges a gap with a dashed line", () => {
    const far = { ...(fixes[0] as (typeof fixes)[0]), seen_at: ago(300) };
    expect(trackFeatures([far, ...fixes], {})[0]?.properties?.gap).toBe(true);
  });
  it("closes a ring and knows a circle", () => {
    const zone = zoneFeature({
      ring: [
        [0, 0],
        [0, 1],
        [1, 1],
      ],
    });
    expect(zone?.geometry).toMatchObject({
      coordinates: [
        [
          [0, 0],
          [1, 0],
          [1, 1],
          [0, 0],
        ],
      ],
    });
    expect(zoneFeature({})).toBeUndefined();
  });
  it("looks at the people of the situation, and nowhere when there are none", () => {
    expect(sceneBounds(scene)).toBeDefined();
    expect(sceneBounds({ cameras })).toBeUndefined();
  });
});
