/** Pictures of the map drawn in code: camera arrow, places, hatching. */
import type { Map as GlMap } from "maplibre-gl";
import { tone } from "./tones";

const RATIO = 2;
function draw(size: number, paint: (c: CanvasRenderingContext2D) => void): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = size * RATIO;
  canvas.height = size * RATIO;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(RATIO, RATIO);
  paint(context);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
function hatch(color: string): (c: CanvasRenderingContext2D) => void {
  return (c) => {
    c.strokeStyle = color;
    c.lineWidth = 1;
    c.beginPath();
    for (const offset of [-12, 0, 12]) {
      c.moveTo(offset, 12);
      c.lineTo(offset + 12, 0);
    }
    c.stroke();
  };
}

export function addImages(map: GlMap): void {
  const images: Record<string, ImageData> = {
    camera: draw(12, (c) => {
      c.fillStyle = tone.camera;
      c.beginPath();
      c.moveTo(6, 1);
      c.lineTo(10.5, 11);
      c.lineTo(6, 9);
      c.lineTo(1.5, 11);
      c.closePath();
      c.fill();
    }),
    "camera-round": draw(12, (c) => {
      c.strokeStyle = tone.camera;
      c.lineWidth = 1.4;
      c.beginPath();
      c.arc(6, 6, 3.4, 0, 2 * Math.PI);
      c.stroke();
    }),
    place: draw(12, (c) => {
      c.strokeStyle = tone.tx3;
      c.lineWidth = 1.2;
      c.strokeRect(3, 3, 6, 6);
    }),
    "place-staffed": draw(14, (c) => {
      c.strokeStyle = tone.safe;
      c.lineWidth = 1.4;
      c.beginPath();
      c.moveTo(7, 2);
      c.lineTo(12, 6.5);
      c.lineTo(12, 12);
      c.lineTo(2, 12);
      c.lineTo(2, 6.5);
      c.closePath();
      c.stroke();
    }),
    "hatch-alarm": draw(12, hatch("rgba(255, 91, 80, 0.16)")),
    "hatch-calm": draw(12, hatch("rgba(138, 151, 162, 0.16)")),
  };
  for (const [name, image] of Object.entries(images)) {
    if (!map.hasImage(name)) map.addImage(name, image, { pixelRatio: RATIO });
  }
}
