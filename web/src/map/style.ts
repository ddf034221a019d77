/** The base map from imported streets, buildings and boundaries: a style with no address of any other machine in it. */
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { CameraPoints, StyleData } from "../api/types";
import { joinStreets } from "./geometry";
import { tone } from "./tones";

const FONT = ["Pretendard Variable"];
const empty = { type: "FeatureCollection", features: [] } as GeoJSON.FeatureCollection;

/** Every layer that data is poured into while the page runs. */
export const DATA_SOURCES = ["zones", "reach", "cones", "errors", "track", "lines", "dots"] as const;
export type DataSource = (typeof DATA_SOURCES)[number];

export function geojson(data: GeoJSON.FeatureCollection | undefined): SourceSpecification {
  return { type: "geojson", data: data ?? empty };
}

/** Widths grow with the zoom as streets do on the ground: `at16` pixels at zoom 16. */
function width(at16: number): unknown {
  return ["interpolate", ["exponential", 1.7], ["zoom"], 11, at16 / 9, 13, at16 / 3.6, 16, at16, 19, at16 * 4.6];
}
function street(id: string, cls: string, color: string, at16: number, minzoom = 0): LayerSpecification {
  return {
    id,
    type: "line",
    source: "streets",
    minzoom,
    filter: ["==", ["get", "class"], cls],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": color, "line-width": width(at16) as number },
  };
}

export function baseLayers(): LayerSpecification[] {
  return [
    { id: "land", type: "background", paint: { "background-color": tone.land } },
    {
      id: "boundaries",
      type: "line",
      source: "boundaries",
      paint: { "line-color": tone.r0c, "line-width": 1, "line-dasharray": [4, 3], "line-opacity": 0.7 },
    },
    {
      id: "buildings",
      type: "fill",
      source: "buildings",
      minzoom: 13,
      paint: { "fill-color": tone.building, "fill-outline-color": tone.buildingLine },
    },
    street("r3", "r3", tone.r3, 6, 13.5),
    street("r2", "r2", tone.r2, 8, 12.5),
    street("r1", "r1", tone.r1, 12),
    street("r0c", "r0", tone.r0c, 18),
    street("r0", "r0", tone.r0, 16),
    {
      id: "street-names",
      type: "symbol",
      source: "streets",
      minzoom: 13.5,
      filter: [
        "all",
        ["!=", ["coalesce", ["get", "name"], ""], ""],
        ["in", ["get", "class"], ["literal", ["r0", "r1", "r2"]]],
      ],
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 420,
        "text-field": ["coalesce", ["get", "name"], ""],
        "text-font": FONT,
        "text-size": 11,
        "text-padding": 12,
      },
      paint: { "text-color": tone.label, "text-halo-color": tone.r0, "text-halo-width": 1.6, "text-opacity": 0.85 },
    },
    {
      id: "places",
      type: "symbol",
      source: "places",
      minzoom: 14.5,
      layout: {
        "icon-image": ["case", ["get", "staffed"], "place-staffed", "place"],
        "icon-allow-overlap": true,
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": 11,
        "text-offset": [0, 1],
        "text-anchor": "top",
        "text-optional": true,
      },
      paint: { "text-color": tone.label, "text-halo-color": tone.well, "text-halo-width": 1.4 },
    },
  ];
}

/** A hundred thousand cameras: counts far out, dots nearer, arrows with their azimuth near. */
export function cameraLayers(): LayerSpecification[] {
  return [
    {
      id: "camera-clusters",
      type: "circle",
      source: "cameras",
      maxzoom: 13,
      filter: ["has", "point_count"],
      paint: {
        "circle-color": tone.camera,
        "circle-opacity": ["interpolate", ["linear"], ["log10", ["get", "point_count"]], 0, 0.25, 4, 0.6],
        "circle-radius": ["interpolate", ["linear"], ["log10", ["get", "point_count"]], 0, 2, 2, 6, 4, 14],
      },
    },
    {
      id: "camera-dots",
      type: "circle",
      source: "cameras",
      maxzoom: 15.5,
      filter: ["!", ["has", "point_count"]],
      paint: {
        "circle-color": tone.camera,
        "circle-opacity": 0.75,
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 12, 1.2, 15.5, 2.4],
      },
    },
    {
      id: "camera-arrows",
      type: "symbol",
      source: "cameras",
      minzoom: 15.5,
      filter: ["!", ["has", "point_count"]],
      layout: {
        "icon-image": ["case", ["==", ["get", "a"], -1], "camera-round", "camera"],
        "icon-rotate": ["max", ["get", "a"], 0],
        "icon-rotation-alignment": "map",
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
    },
  ];
}

/** Column arrays to points. `a` is the azimuth in degrees, -1 where unknown. */
export function cameraSource(points: CameraPoints | undefined): SourceSpecification {
  const features: GeoJSON.Feature[] = [];
  const c = points?.cameras;
  for (let i = 0; c && i < c.id.length; i++) {
    features.push({
      type: "Feature",
      id: i,
      properties: { a: c.azimuth[i] ?? -1 },
      geometry: { type: "Point", coordinates: [c.lon[i] ?? 0, c.lat[i] ?? 0] },
    });
  }
  return {
    type: "geojson",
    data: { type: "FeatureCollection", features },
    cluster: true,
    // beyond 13 single dots are cheap enough: a screen shows a few thousand of them
    clusterMaxZoom: 12,
    clusterRadius: 36,
    buffer: 16,
    maxzoom: 16,
  };
}

/** Zones, reach, cones, errors, tracks and lines, drawn under the chips. Colour comes with each feature. */
export function dataLayers(): LayerSpecification[] {
  const color = ["get", "tone"] as unknown as string;
  return [
    {
      id: "zone-hatch",
      type: "fill",
      source: "zones",
      paint: { "fill-pattern": ["get", "hatch"], "fill-opacity": 0.9 },
    },
    { id: "zone-line", type: "line", source: "zones", paint: { "line-color": color, "line-width": 1.6 } },
    {
      id: "reach-line",
      type: "line",
      source: "reach",
      layout: { "line-cap": "butt", "line-join": "round" },
      paint: {
        "line-color": tone.doubt,
        "line-width": width(11) as number,
        "line-opacity": ["interpolate", ["linear"], ["get", "near"], 0, 0.1, 1, 0.62],
      },
    },
    {
      id: "cone-fill",
      type: "fill",
      source: "cones",
      filter: ["!", ["get", "silent"]],
      paint: { "fill-color": "#fff", "fill-opacity": ["get", "fill"] },
    },
    {
      id: "cone-line",
      type: "line",
      source: "cones",
      filter: ["!", ["get", "silent"]],
      paint: { "line-color": "#fff", "line-opacity": ["*", ["get", "fill"], 4], "line-width": 1 },
    },
    {
      id: "cone-silent",
      type: "line",
      source: "cones",
      filter: ["get", "silent"],
      paint: { "line-color": tone.doubt, "line-width": 1.2, "line-dasharray": [3, 2] },
    },
    {
      id: "error-fill",
      type: "fill",
      source: "errors",
      paint: { "fill-color": color, "fill-opacity": ["get", "fill"] },
    },
    {
      id: "error-line",
      type: "line",
      source: "errors",
      filter: ["get", "line"],
      paint: { "line-color": color, "line-width": 1.4, "line-dasharray": [3, 2.2] },
    },
    {
      id: "track-line",
      type: "line",
      source: "track",
      filter: ["!", ["get", "gap"]],
      layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": color, "line-width": ["get", "width"] },
    },
    {
      id: "track-gap",
      type: "line",
      source: "track",
      filter: ["get", "gap"],
      paint: { "line-color": tone.doubt, "line-width": 2, "line-dasharray": [2.4, 1.6] },
    },
    {
      id: "line",
      type: "line",
      source: "lines",
      paint: { "line-color": color, "line-width": 1.6, "line-dasharray": [1.4, 3], "line-opacity": 0.85 },
    },
    {
      id: "dots",
      type: "circle",
      source: "dots",
      paint: {
        "circle-radius": ["get", "radius"],
        "circle-color": ["get", "fill"],
        "circle-stroke-color": color,
        "circle-stroke-width": 1.5,
        "circle-opacity": ["get", "opacity"],
        "circle-stroke-opacity": ["get", "opacity"],
      },
    },
  ];
}

export function mapStyle(data: StyleData | undefined, points: CameraPoints | undefined): StyleSpecification {
  const places: GeoJSON.FeatureCollection = {
    type: "FeatureCollection",
    features: (data?.places ?? []).map((p) => ({
      type: "Feature",
      properties: { name: p.name, kind: p.kind, staffed: p.staffed },
      geometry: { type: "Point", coordinates: [p.lon, p.lat] },
    })),
  };
  return {
    version: 8,
    sources: {
      streets: geojson(data && { type: "FeatureCollection", features: joinStreets(data.streets.features) }),
      buildings: geojson(data?.buildings),
      boundaries: geojson(data?.boundaries),
      places: geojson(places),
      cameras: cameraSource(points),
      ...Object.fromEntries(DATA_SOURCES.map((name) => [name, geojson(undefined)])),
    },
    layers: [
      ...baseLayers().filter((l) => l.type !== "symbol"),
      ...dataLayers().filter((l) => l.id.startsWith("zone")),
      ...cameraLayers(),
      ...dataLayers().filter((l) => !l.id.startsWith("zone")),
      ...baseLayers().filter((l) => l.type === "symbol"),
    ],
  };
}
