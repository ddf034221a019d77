/** The first picture of a film, decoded by the browser itself (WebCodecs). */
import { Broken, type Bytes, hex } from "./bytes";
import type { Plane } from "./grid";
import { boxOf } from "./pack";

/** The planes of a key frame, or undefined where this browser has no decoder for it. */
export async function decode(init: Bytes, film: Bytes): Promise<Plane[] | undefined> {
  const description = boxOf(init, "avcC");
  const data = boxOf(film, "mdat");
  if (!description || !data) throw new Broken("not an H.264 film");
  if (typeof VideoDecoder === "undefined") return undefined;
  const config = { codec: `avc1.${hex(description.subarray(1, 4))}`, description };
  if (!(await VideoDecoder.isConfigSupported(config)).supported) return undefined;
  const picture = await new Promise<VideoFrame>((resolve, reject) => {
    const decoder = new VideoDecoder({ output: resolve, error: reject });
    decoder.configure(config);
    decoder.decode(new EncodedVideoChunk({ type: "key", timestamp: 0, data }));
    decoder.flush().then(() => decoder.close(), reject);
  });
  try {
    return await planesOf(picture);
  } finally {
    picture.close();
  }
}

async function planesOf(picture: VideoFrame): Promise<Plane[] | undefined> {
  const buffer = new Uint8Array(picture.allocationSize());
  const layout = await picture.copyTo(buffer);
  const width = picture.visibleRect!.width;
  const height = picture.visibleRect!.height;
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const light = { data: buffer.subarray(layout[0]!.offset), line: layout[0]!.stride, width, height };
  if (picture.format === "I420")
    return [
      light,
      ...[1, 2].map((k) => ({
        data: buffer.subarray(layout[k]!.offset),
        line: layout[k]!.stride,
        width: w,
        height: h,
      })),
    ];
  if (picture.format !== "NV12") return undefined;
  const { offset, stride } = layout[1]!;
  const colours = [0, 1].map((k) => {
    const data = new Uint8Array(w * h);
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) data[y * w + x] = buffer[offset + y * stride + 2 * x + k]!;
    return { data, line: w, width: w, height: h };
  });
  return [light, ...colours];
}
