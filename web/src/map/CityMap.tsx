/** The only file that holds the map object. */
import * as maplibregl from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { CameraPoints, StyleData } from "../api/types";
import { Aim } from "./Aim";
import { type Chip, ChipView } from "./chips";
import { streetGraph } from "./geometry";
import { addImages } from "./images";
import { type Scene, sceneBounds, sceneData } from "./scene";
import { cameraSource, DATA_SOURCES, mapStyle } from "./style";

maplibregl.setWorkerUrl(workerUrl);

export interface View {
  lat: number;
  lon: number;
  zoom: number;
}
/** `37.5210,127.0230,15.2` as it stands in the address. */
export function parseView(word: string | undefined): View | undefined {
  const [lat, lon, zoom] = (word ?? "").split(",").map(Number);
  if (lat === undefined || lon === undefined || zoom === undefined || ![lat, lon, zoom].every(Number.isFinite))
    return undefined;
  return { lat, lon, zoom };
}
export function formatView(view: View): string {
  return `${view.lat.toFixed(5)},${view.lon.toFixed(5)},${view.zoom.toFixed(2)}`;
}

interface Props {
  style: StyleData | undefined;
  points?: CameraPoints | undefined;
  scene: Scene;
  chips?: readonly Chip[];
  view?: View | undefined;
  onView?: (view: View) => void;
  /** A click on the ground: while it is asked for, the map shows a cross in place of a hand. */
  onPoint?: ((lat: number, lon: number) => void) | undefined;
  /** Set while somebody points by the keys: what ends it. */
  onAimed?: (() => void) | undefined;
  /** Grows by one each time the map shall look at what matters. */
  focus?: number;
  hideCameras?: boolean;
  label: string;
  children?: ReactNode;
  /** Room kept free inside the frame when looking at what matters, pixels. */
  padding?: { top: number; right: number; bottom: number; left: number };
}

const NO_CHIPS: readonly Chip[] = [];
const PADDING = { top: 70, right: 50, bottom: 60, left: 50 };

export function CityMap(props: Props) {
  const {
    style,
    points,
    scene,
    chips = NO_CHIPS,
    view,
    onView,
    focus = 0,
    hideCameras = false,
    label,
    children,
  } = props;
  const box = useRef<HTMLDivElement>(null);
  const map = useRef<maplibregl.Map | undefined>(undefined);
  const [ready, setReady] = useState(false);
  const [failed, setFailed] = useState<string>();
  const [holders, setHolders] = useState<ReadonlyMap<string, HTMLElement>>(new Map());
  const markers = useRef(new Map<string, maplibregl.Marker>());
  const graph = useMemo(() => (style ? streetGraph(style.streets.features) : undefined), [style]);
  const moved = useRef(Boolean(view));
  const onViewNow = useRef(onView);
  onViewNow.current = onView;
  const onPointNow = useRef(props.onPoint);
  onPointNow.current = props.onPoint;

  // the map itself: once for a page and its base data
  useEffect(() => {
    if (!box.current || !style) return undefined;
    let made: maplibregl.Map;
    let gone = false;
    const start = async () => {
      // the label font is drawn on a canvas: it must be there first
      await document.fonts.load("12px 'Pretendard Variable'", "가").catch(() => undefined);
      if (gone || !box.current) return;
      try {
        made = new maplibregl.Map({
          container: box.current,
          style: mapStyle(style, undefined),
          ...(view ? { center: [view.lon, view.lat], zoom: view.zoom } : { bounds: style.bounds }),
          localIdeographFontFamily: "'Pretendard Variable', 'Noto Sans KR', sans-serif",
          attributionControl: false,
          dragRotate: false,
          pitchWithRotate: false,
          touchPitch: false,
          fadeDuration: 0,
          maxZoom: 20,
          keyboard: false,
        });
      } catch (error) {
        setFailed(error instanceof Error ? error.message : String(error));
        return;
      }
      made.touchZoomRotate.disableRotation();
      made.addControl(new maplibregl.ScaleControl({ maxWidth: 110, unit: "metric" }), "bottom-left");
      addImages(made);
      made.on("load", () => setReady(true));
      made.on("click", (event) => onPointNow.current?.(event.lngLat.lat, event.lngLat.lng));
      made.on("moveend", (event) => {
        const byHand = Boolean((event as { originalEvent?: Event }).originalEvent);
        if (byHand) moved.current = true;
        if (byHand) {
          const c = made.getCenter();
          onViewNow.current?.({ lat: c.lat, lon: c.lng, zoom: made.getZoom() });
        }
      });
      map.current = made;
    };
    void start();
    const held = markers.current;
    return () => {
      gone = true;
      setReady(false);
      setHolders(new Map());
      held.clear();
      map.current?.remove();
      map.current = undefined;
    };
  }, [style]);

  useEffect(() => {
    if (!ready || !map.current || !points) return;
    const source = cameraSource(points);
    const layers = ["camera-clusters", "camera-dots", "camera-arrows"] as const;
    const specs = map.current.getStyle().layers.filter((l) => (layers as readonly string[]).includes(l.id));
    for (const layer of layers) map.current.removeLayer(layer);
    map.current.removeSource("cameras");
    map.current.addSource("cameras", source);
    for (const spec of specs) map.current.addLayer(spec, "reach-line");
  }, [ready, points]);

  useEffect(() => {
    if (!ready || !map.current) return;
    for (const layer of ["camera-clusters", "camera-dots", "camera-arrows"]) {
      map.current.setLayoutProperty(layer, "visibility", hideCameras ? "none" : "visible");
    }
  }, [ready, hideCameras, points]);

  const data = useMemo(() => sceneData(scene, { style, graph }), [scene, style, graph]);
  useEffect(() => {
    if (!ready || !map.current) return;
    for (const name of DATA_SOURCES) {
      (map.current.getSource(name) as maplibregl.GeoJSONSource | undefined)?.setData(data[name]);
    }
  }, [ready, data]);

  // look at what matters on the first data, and whenever asked; never while a hand moves the map
  const looked = useRef("");
  useEffect(() => {
    const bounds = sceneBounds(scene);
    if (!ready || !map.current || !bounds) return;
    const key = `${focus}`;
    if (looked.current === key) return;
    if (looked.current === "" && moved.current) {
      looked.current = key;
      return;
    }
    looked.current = key;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const padding = props.padding ?? PADDING;
    map.current.fitBounds(bounds, { padding, maxZoom: 17.6, duration: still || focus === 0 ? 0 : 200 });
  }, [ready, scene, focus]);

  useEffect(() => {
    if (!ready || !map.current) return;
    const present = new Set(chips.map((c) => c.id));
    let changed = false;
    for (const [id, marker] of markers.current) {
      if (!present.has(id)) {
        marker.remove();
        markers.current.delete(id);
        changed = true;
      }
    }
    for (const chip of chips) {
      const marker = markers.current.get(chip.id);
      if (marker) marker.setLngLat([chip.lon, chip.lat]);
      else {
        const element = document.createElement("div");
        element.className = `chip-holder ${chip.kind}`;
        markers.current.set(
          chip.id,
          new maplibregl.Marker({ element, anchor: "center" }).setLngLat([chip.lon, chip.lat]).addTo(map.current),
        );
        changed = true;
      }
    }
    if (changed) setHolders(new Map([...markers.current].map(([id, marker]) => [id, marker.getElement()])));
  }, [ready, chips]);

  return (
    <div className={props.onPoint ? "map points" : "map"}>
      <div ref={box} className="map-canvas" role="img" aria-label={label} />
      {chips.map((chip) => {
        const holder = holders.get(chip.id);
        return holder ? createPortal(<ChipView chip={chip} />, holder, chip.id) : null;
      })}
      {ready && props.onPoint && props.onAimed && box.current ? (
        <Aim
          at={[box.current.clientWidth / 2, box.current.clientHeight / 2]}
          onPoint={([x, y]) => {
            const place = map.current?.unproject([x, y]);
            if (place) props.onPoint?.(place.lat, place.lng);
          }}
          onPan={([x, y]) => map.current?.panBy([x, y], { duration: 0 })}
          onClose={props.onAimed}
        />
      ) : null}
      {failed ? <div className="fl map-failed sm">{failed}</div> : null}
      {children}
    </div>
  );
}
