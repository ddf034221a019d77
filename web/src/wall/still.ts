/** One picture from the relay for one ticket: asked for, taken, hung up. */
import type { Ticket } from "../api/types";

/** Where no answer comes for so long there is none, milliseconds. */
const PATIENCE_MS = 15_000;

export interface Portrait {
  content: Blob;
  /** Where the one who is clear stands in it, x1 y1 x2 y2 as parts of it. */
  box: [number, number, number, number];
}

let turn: Promise<unknown> = Promise.resolve();
/** Take the picture that a ticket opens; undefined where the relay has none. One at a time: the relay draws each. */
export function portraitOf(ask: () => Promise<Pick<Ticket, "ticket" | "url">>): Promise<Portrait | undefined> {
  const mine = turn.then(async () => taken(await ask()));
  turn = mine.catch(() => undefined);
  return mine;
}

function taken(ticket: Pick<Ticket, "ticket" | "url">): Promise<Portrait | undefined> {
  return new Promise((done) => {
    const socket = new WebSocket(ticket.url);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const end = (portrait?: Portrait) => {
      clearTimeout(timer);
      socket.onclose = null;
      socket.close();
      done(portrait);
    };
    const timer = setTimeout(() => end(), PATIENCE_MS);
    socket.onclose = () => end();
    socket.onopen = () => {
      socket.send(JSON.stringify({ ticket: ticket.ticket }));
      socket.send(JSON.stringify({ type: "portrait", n: 1 }));
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data !== "string") return;
      const said = JSON.parse(data) as Record<string, unknown>;
      if (said.what !== "portrait") return;
      if (said.type !== "file") {
        end();
        return;
      }
      parts.push(Uint8Array.from(atob(String(said.data)), (c) => c.charCodeAt(0)));
      if (parts.length < Number(said.parts)) return;
      const type = String(said.mime);
      end({ content: new Blob(parts, { type }), box: said.box as Portrait["box"] });
    };
  });
}
