/** Judges an export in the browser: the same steps, in the same order, as `tools/verify_clip.py`. Nothing is sent anywhere. */
import { rootFromPath } from "../kit/hash";
import { Broken, type Bytes, canonical, fromHex, hex, rootOf, sha256, signedBy, text } from "./bytes";
import { type Box, type Plane, pictureFaults } from "./grid";
import { fragments, unpack } from "./pack";

const SEAL = text("ansimnet footage seal v1\0");
const EXPORT = text("ansimnet footage export v1\0");
const CHECKPOINT = text("ansimnet ledger checkpoint v1\0");
const KEY = text("ansimnet ledger key v1\0");
const HEAD = 187;
const LATE_US = 1_000_000;
/** The ledger takes in seals every minute; one that it took in later than an hour may have been made later. */
const ANCHOR_LATE_US = 3_600_000_000;
const TRACKS = { sub: 0, main: 1 };
const LOSING = new Set(["destroyed", "disk-full", "clock", "relay-stopped"]);
const LEAF = new Uint8Array([0]);
const ZERO = "00".repeat(32);

interface Film {
  file: string;
  init: string;
}
interface Part {
  frames: number;
  root: string;
}
interface Group {
  number: number;
  at_us: number;
  seal: string;
  hidden: Box[];
  masked: Part;
  original?: Part;
}
export interface Gap {
  from_at: string;
  until_at: string;
  cause: string;
}
/** How the ledger took in a minute of seals: their hashes, and the way from their root to the one in its entry. */
interface Anchor {
  entry: string;
  index: number;
  size: number;
  path: string[];
  leaves: string[];
}
export interface Camera {
  camera_id: string;
  code: string;
  name: string;
  track: "sub" | "main";
  from_at: string;
  until_at: string;
  gaps: Gap[];
  anchors: Anchor[];
  parts: { masked: Film; original: Film | null; groups: Group[] }[];
}
export interface Manifest {
  type: string;
  v: number;
  export_id: string;
  made_at: string;
  request: Record<string, unknown>;
  masking: Record<string, unknown>;
  cameras: Camera[];
  root: string;
  ledger: string[];
  files: Record<string, string>;
  keys: { export: string; sealing: string[] };
}
interface Entry {
  entry: {
    type: string;
    header: Record<string, string | number | null>;
    hash: string;
    body: string;
    payload: string | null;
  };
  path: string[];
}
interface Proof {
  v: number;
  centre_id: string;
  public: string;
  keys: (Record<string, string | number> & { from_size: number; signature: string; public: string })[];
  checkpoint: Record<string, string | number | null> & { size: number; root: string; signature: string };
  entries: Entry[];
}
export interface Finding {
  what: string;
  camera?: string;
  group?: number;
  at?: number;
}
export interface Report {
  verified: boolean;
  findings: Finding[];
  manifest?: Manifest;
  groups: number;
  /** Key frames compared with their grids; undefined where this browser cannot decode them. */
  pictures: number | undefined;
  hiddenShare: number;
  ledgerKey?: string;
  sealedAt?: string;
  seen: { id: string; kind: string; at: string; actor: string; viewer?: string; role?: string; step?: string }[];
  stamped: boolean;
}
export type Decode = (init: Bytes, film: Bytes) => Promise<Plane[] | undefined>;

interface Head {
  camera: string;
  track: number;
  number: number;
  begins: number;
  ends: number;
  width: number;
  height: number;
  init: string;
  root: string;
  grid: string;
  prev: string;
}

function headOf(seal: Bytes): Head {
  const v = new DataView(seal.buffer, seal.byteOffset, seal.byteLength);
  if (seal.length < HEAD + 64 || v.getUint32(0) !== 0x414e5331) throw new Broken("not a seal");
  const begins = Number(v.getBigInt64(25));
  return {
    camera: hex(seal.subarray(4, 20)),
    track: v.getUint8(20),
    number: v.getUint32(21),
    begins,
    ends: begins + Math.floor((Number(v.getBigUint64(41)) * 100) / 9),
    width: v.getUint16(51),
    height: v.getUint16(53),
    init: hex(seal.subarray(59, 91)),
    root: hex(seal.subarray(91, 123)),
    grid: hex(seal.subarray(123, 155)),
    prev: hex(seal.subarray(155, 187)),
  };
}

/** Microseconds since 1970 of a canonical instant. */
function us(instant: string): number {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z$/.exec(instant);
  if (!parts) throw new Broken("not an instant");
  return Date.parse(`${parts[1]}Z`) * 1000 + Number(parts[2]);
}

/** The causes of the gaps that cover all that is missing between an end and a beginning, else none. */
function between(camera: Camera, end: number, begin: number): Set<string> {
  const causes = new Set<string>();
  for (const gap of camera.gaps)
    if (us(gap.from_at) <= end + LATE_US && us(gap.until_at) > end) {
      end = us(gap.until_at);
      causes.add(gap.cause);
    }
  return end >= begin - LATE_US ? causes : new Set();
}

class Verifier {
  report: Report = { verified: false, findings: [], groups: 0, pictures: 0, hiddenShare: 0, seen: [], stamped: false };
  where: Omit<Finding, "what"> = {};
  told!: Manifest;
  ends: { where: Verifier["where"]; seal: string; ends: number }[] = [];
  roots = new Map<string, { root: string; at: number }>();
  constructor(
    readonly files: Map<string, Bytes>,
    readonly decode: Decode,
  ) {}

  found(what: string): void {
    this.report.findings.push({ what, ...this.where });
  }

  file(name: string): Bytes {
    const found = this.files.get(name);
    if (!found) throw new Broken(`${name} is missing`);
    return found;
  }

  object<T>(name: string): T {
    const raw = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.file(name));
    const value: T = JSON.parse(raw);
    if (canonical(value) !== raw) throw new Broken(`${name} is not canonical`);
    return value;
  }

  async manifest(): Promise<void> {
    this.told = this.object<Manifest>("manifest.json");
    this.report.manifest = this.told;
    if (this.told.type !== "export" || this.told.v !== 1) throw new Broken("not an export that this page knows");
    const signature = this.object<Record<string, string>>("signature.json");
    const key = this.told.keys.export;
    if (Object.keys(signature).sort().join() !== "public,signature" || signature.public !== key)
      this.found("bad-signature");
    const message = new Uint8Array([...EXPORT, ...this.file("manifest.json")]);
    if (!(await signedBy(key, fromHex(signature.signature ?? ""), message))) this.found("edited-manifest");
    const parts = this.told.cameras.flatMap((c) => c.parts);
    const films = parts.flatMap((p) => [p.masked, p.original]).flatMap((f) => (f ? [f.file] : []));
    const fixed = ["manifest.json", "signature.json", "proof.json", "seals.bin"];
    const allowed = new Set([...fixed, ...Object.keys(this.told.files), ...films]);
    for (const name of allowed) if (!this.files.has(name)) this.found("missing-file");
    for (const name of this.files.keys())
      if (!allowed.has(name) && name !== "timestamp.der") this.found("foreign-file");
    for (const [name, told] of Object.entries(this.told.files)) {
      const data = this.files.get(name);
      if (data && hex(await sha256(data)) !== told) this.found("edited-file");
    }
  }

  async seals(): Promise<void> {
    const coded = this.file("seals.bin");
    const view = new DataView(coded.buffer, coded.byteOffset, coded.byteLength);
    const leaves: Bytes[] = [];
    let at = 0;
    let hidden = 0;
    for (const camera of this.told.cameras) {
      let before: { number: number; ends: number; sha256: string } | undefined;
      let left = camera.parts.reduce((n, p) => n + p.groups.length, 0);
      this.where = { camera: camera.code };
      if (!left && !between(camera, us(camera.from_at), us(camera.until_at)).size) this.found("dropped-group");
      for (const part of camera.parts) {
        const kinds = (["masked", "original"] as const).filter((k) => part[k] !== null);
        const movies = new Map(kinds.map((k) => [k, fragments(this.file(part[k]!.file))] as const));
        const used = { masked: 0, original: 0 };
        for (const [kind, [init]] of movies)
          if (hex(await sha256(init)) !== part[kind]!.init) this.found("edited-picture");
        for (const group of part.groups) {
          const size = view.getUint32(at);
          const seal = coded.slice(at + 4, at + 4 + size);
          at += 4 + size;
          const head = headOf(seal);
          this.where = { camera: camera.code, group: head.number, at: head.begins };
          await this.seal(seal, head, camera, group);
          left--;
          this.place(before, head, camera, left === 0);
          this.ends.push({ where: this.where, seal: group.seal, ends: head.ends });
          before = { number: head.number, ends: head.ends, sha256: hex(await sha256(seal.subarray(0, HEAD))) };
          for (const [kind, [init, films]] of movies) {
            const told = group[kind]!;
            const own = films.slice(used[kind], used[kind] + told.frames);
            used[kind] += told.frames;
            const root = hex(await rootOf(await Promise.all(own.map((f) => sha256(LEAF, f)))));
            if (root !== told.root) this.found("edited-picture");
            if (kind === "original" && (root !== head.root || hex(await sha256(init)) !== head.init))
              this.found("edited-picture");
            if (kind === "masked" && own[0])
              hidden += await this.picture(init, own[0], seal.slice(HEAD + 64), head, group);
          }
          leaves.push(await sha256(LEAF, text(canonical(group))));
        }
        this.where = { camera: camera.code };
        for (const [kind, [, films]] of movies) if (used[kind] !== films.length) this.found("foreign-picture");
      }
      this.where = {};
    }
    if (at !== coded.length) this.found("foreign-picture");
    if (hex(await rootOf(leaves)) !== this.told.root) this.found("edited-manifest");
    this.report.groups = leaves.length;
    this.report.hiddenShare = leaves.length ? hidden / leaves.length : 0;
  }

  async seal(seal: Bytes, head: Head, camera: Camera, group: Group): Promise<void> {
    const message = new Uint8Array([...SEAL, ...seal.subarray(0, HEAD)]);
    const signature = seal.slice(HEAD, HEAD + 64);
    const good = await Promise.all(this.told.keys.sealing.map((k) => signedBy(k, signature, message)));
    if (!good.includes(true)) this.found("bad-seal");
    if (hex(await sha256(seal.subarray(HEAD + 64))) !== head.grid) this.found("bad-seal");
    const camera_id = camera.camera_id.replaceAll("-", "");
    const place = [camera_id, TRACKS[camera.track], group.number, group.at_us];
    if (canonical([head.camera, head.track, head.number, head.begins]) !== canonical(place)) this.found("wrong-place");
    if (hex(await sha256(seal)) !== group.seal) this.found("bad-seal");
  }

  place(
    before: { number: number; ends: number; sha256: string } | undefined,
    head: Head,
    camera: Camera,
    last: boolean,
  ): void {
    const end = before ? before.ends : us(camera.from_at);
    const until = us(camera.until_at);
    const causes = between(camera, end, head.begins);
    if (before && head.begins < end - LATE_US) this.found("shifted-clock");
    if (head.begins > end + LATE_US && !causes.size) this.found("dropped-group");
    else if (before && head.prev !== before.sha256 && (head.prev !== ZERO || !causes.size)) {
      if (![...causes].some((c) => LOSING.has(c))) this.found("dropped-group");
    }
    if (!before && head.ends <= end) this.found("shifted-clock");
    if (last && head.ends < until - LATE_US && !between(camera, head.ends, until).size) this.found("dropped-group");
    if (head.begins >= until) this.found("shifted-clock");
  }

  async picture(init: Bytes, film: Bytes, grid: Bytes, head: Head, group: Group): Promise<number> {
    const planes = await this.decode(init, film);
    if (!planes) {
      this.report.pictures = undefined;
      return 0;
    }
    if (this.report.pictures !== undefined) this.report.pictures++;
    if (planes[0]!.width !== head.width || planes[0]!.height !== head.height) {
      this.found("other-picture");
      return 0;
    }
    const [faults, share] = await pictureFaults(grid, planes, group.hidden);
    if (faults) this.found("other-picture");
    return share;
  }

  async proof(): Promise<void> {
    const proof = this.object<Proof>("proof.json");
    if (Object.keys(proof).sort().join() !== "centre_id,checkpoint,entries,keys,public,v" || proof.v !== 1)
      throw new Broken("not a proof");
    const { signature, ...statement } = proof.checkpoint;
    const key = await this.keyInForce(proof);
    this.report.ledgerKey = hex(await sha256(fromHex(key))).slice(0, 16);
    const message = new Uint8Array([...CHECKPOINT, ...text(canonical(statement))]);
    const ours = statement.centre_id === proof.centre_id && statement.type === "checkpoint";
    if (!ours || !(await signedBy(key, fromHex(signature), message))) this.found("edited-ledger");
    const bodies: [string, Record<string, unknown>][] = [];
    for (const entry of proof.entries) bodies.push(await this.entry(entry, proof));
    const last = bodies.at(-1);
    const manifest = hex(await sha256(this.file("manifest.json")));
    if (last?.[0] !== "footage.export.sealed.v1" || last[1].manifest_sha256 !== manifest) this.found("edited-ledger");
    const ids = proof.entries.map((e) => e.entry.header.entry_id).slice(0, -1);
    if (canonical(ids) !== canonical(this.told.ledger)) this.found("edited-ledger");
    this.asked(bodies.flatMap(([kind, b]) => (kind === "footage.export.asked.v1" ? [b] : [])));
    this.search(bodies);
    const announced = new Set(
      bodies.flatMap(([kind, b]) => (kind === "footage.sealing-key.announced.v1" ? [b.public] : [])),
    );
    if ([this.told.keys.export, ...this.told.keys.sealing].some((k) => !announced.has(k))) this.found("bad-signature");
    const stamp = this.files.get("timestamp.der");
    if ((last?.[1].timestamp_sha256 ?? null) !== (stamp ? hex(await sha256(stamp)) : null)) this.found("edited-ledger");
    this.report.stamped = stamp !== undefined;
    this.report.sealedAt = String(proof.entries.at(-1)?.entry.header.sealed_at);
  }

  /** Judge that the proof of a traced route has every step of its search, the one that asked for it too. */
  /** The cameras and the bounds of their times as they were asked for; each time of a camera once. */
  asked(bodies: Record<string, unknown>[]): void {
    if (canonical(bodies.map((b) => b.export_id)) !== canonical([this.told.export_id])) {
      this.found("edited-ledger");
      return;
    }
    const asked = bodies[0] as { cameras: string[]; from_at: string; until_at: string };
    const spans = this.told.cameras.map((c) => ({ camera: c.camera_id, from: us(c.from_at), until: us(c.until_at) }));
    const own = [...new Set(spans.map((s) => s.camera))].sort();
    const from = Math.min(...spans.map((s) => s.from));
    const until = Math.max(...spans.map((s) => s.until));
    const same = canonical(own) === canonical([...new Set(asked.cameras)].sort());
    if (!same || from !== us(asked.from_at) || until !== us(asked.until_at)) this.found("other-span");
    const ends = new Map<string, number>();
    for (const s of spans.sort((a, b) => a.from - b.from)) {
      if (s.from >= s.until || s.from < (ends.get(s.camera) ?? s.from)) this.found("other-span");
      ends.set(s.camera, s.until);
    }
  }
  search(bodies: [string, Record<string, unknown>][]): void {
    const told = this.told.request.search as { id: string; step: number } | undefined;
    const asked = bodies.flatMap(([kind, b]) => (kind === "tracing.search.asked.v1" ? [b.search_id] : []));
    const steps = bodies.flatMap(([kind, b]) => (kind === "tracing.hop.made.v1" ? [b] : []));
    if (!told) {
      if (asked.length || steps.length) this.found("edited-ledger");
      return;
    }
    if (canonical(asked) !== canonical([told.id]) || steps.some((b) => b.search_id !== told.id))
      this.found("edited-ledger");
    if (steps.some((b, i) => b.number !== i + 1)) this.found("missing-step");
    if (steps.find((b) => b.number === told.step)?.step !== "copies") this.found("missing-step");
  }

  /** Judge that the ledger took in each group's seal soon after it was made. */
  async anchors(): Promise<void> {
    const taken = new Map<string, number>();
    for (const anchor of this.told.cameras.flatMap((c) => c.anchors)) {
      const entry = this.roots.get(anchor.entry);
      if (!entry) throw new Broken("an anchor without its entry");
      const own = await rootOf(await Promise.all(anchor.leaves.map((h) => sha256(LEAF, fromHex(h)))));
      anchor.path.forEach(fromHex);
      const root = await rootFromPath(hex(await sha256(LEAF, own)), anchor.index, anchor.size, anchor.path);
      if (root !== entry.root) this.found("not-anchored");
      else for (const h of anchor.leaves) taken.set(h, Math.min(entry.at, taken.get(h) ?? entry.at));
    }
    for (const { where, seal, ends } of this.ends) {
      this.where = where;
      const at = taken.get(seal);
      if (at === undefined || at > ends + ANCHOR_LATE_US) this.found("not-anchored");
    }
  }

  async keyInForce(proof: Proof): Promise<string> {
    let key = proof.public;
    for (const line of proof.keys) {
      const { signature, ...rest } = line;
      if (line.from_size >= proof.checkpoint.size) this.found("bad-signature");
      const message = new Uint8Array([...KEY, ...text(canonical(rest))]);
      if (!(await signedBy(key, fromHex(signature), message))) this.found("bad-signature");
      key = line.public;
    }
    return key;
  }

  async entry(value: Entry, proof: Proof): Promise<[string, Record<string, unknown>]> {
    const { entry, path } = value;
    const header = entry.header;
    const leaf = hex(await sha256(LEAF, text(canonical(header))));
    const payload = entry.payload === null ? null : hex(await sha256(fromHex(entry.payload)));
    const whole =
      leaf === entry.hash &&
      header.body_sha256 === hex(await sha256(text(entry.body))) &&
      header.payload_sha256 === payload &&
      Object.keys(entry).sort().join() === "body,hash,header,payload,type" &&
      Object.keys(value).sort().join() === "entry,path" &&
      entry.type === "entry" &&
      header.centre_id === proof.centre_id;
    path.forEach(fromHex);
    const root = await rootFromPath(leaf, Number(header.seq) - 1, proof.checkpoint.size, path);
    if (!whole || root !== proof.checkpoint.root) this.found("edited-ledger");
    const body: Record<string, unknown> = JSON.parse(entry.body);
    if (header.kind === "footage.seals.anchored.v1") {
      this.roots.set(String(header.entry_id), { root: String(body.root), at: us(String(header.sealed_at)) });
      return [header.kind, body];
    }
    const named = (k: string) => (typeof body[k] === "string" ? { [k]: body[k] as string } : {});
    const at = String(header.happened_at);
    this.report.seen.push({
      id: String(header.entry_id),
      kind: String(header.kind),
      at,
      actor: String(header.actor),
      ...named("viewer"),
      ...named("role"),
      ...named("step"),
    });
    return [String(header.kind), body];
  }

  async run(): Promise<Report> {
    for (const step of [this.manifest, this.seals, this.proof, this.anchors]) {
      try {
        await step.call(this);
      } catch (error) {
        if (error instanceof DOMException && error.name === "NotSupportedError") throw error;
        this.found("unreadable");
      }
      this.where = {};
    }
    this.report.verified = this.report.findings.length === 0;
    return this.report;
  }
}

/** Judge the bytes of an export. Throws NotSupportedError where this browser cannot check signatures. */
export async function verify(data: Bytes, decode: Decode): Promise<Report> {
  const [files, whole] = unpack(data);
  const verifier = new Verifier(files, decode);
  if (!whole) verifier.found("edited-container");
  return verifier.run();
}
