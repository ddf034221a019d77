/** Ask for a search: a case, a description, an area, a time, a reason. A second person answers. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Refusal } from "../../api/client";
import { usePoints } from "../../api/hooks";
import { second } from "../../api/second";
import { Dialog } from "../../kit/Dialog";
import { Button } from "../../kit/parts";
import { Failed, Refused } from "../../kit/states";
import { useSecondText } from "../../text/second";
import { metres } from "./secondRules";

const HOUR_MS = 3_600_000;
/** A request reaches at most so many cameras, the nearest first (the server's own limit). */
const MOST = 64;

export function AskDialog({ onClose }: { onClose: () => void }) {
  const t = useSecondText();
  const client = useQueryClient();
  const points = usePoints();
  const [form, setForm] = useState({
    case_no: "",
    appearance: "",
    clothes: "",
    vehicle: "",
    lat: "",
    lon: "",
    radius: "500",
    hours: "4",
    reason: "",
    urgent: false,
  });
  const cameras = points.data?.cameras;
  const lat = Number(form.lat || cameras?.lat[0] || 0);
  const lon = Number(form.lon || cameras?.lon[0] || 0);
  const reach = useMemo(
    () =>
      (cameras?.id ?? [])
        .map((camera, i) => ({ camera, away: metres(lat, lon, cameras?.lat[i] ?? 0, cameras?.lon[i] ?? 0) }))
        .filter((c) => c.away <= Number(form.radius))
        .sort((a, b) => a.away - b.away)
        .slice(0, MOST)
        .map((c) => c.camera),
    [cameras, lat, lon, form.radius],
  );
  const send = useMutation({
    mutationFn: () => {
      const now = Date.now();
      const at = (hours: number) => new Date(now + hours * HOUR_MS).toISOString();
      return second.ask({
        kind: "search",
        resources: reach,
        purpose: "investigate",
        ground_kind: "statute",
        statute: "PIPA 18(2)7",
        reason: form.reason.trim(),
        until_at: at(Number(form.hours)),
        urgent: form.urgent,
        case_no: form.case_no.trim(),
        description: { appearance: form.appearance, clothes: form.clothes, vehicle: form.vehicle },
        area: { lat, lon, radius_m: Number(form.radius) },
        window: { from_at: at(-Number(form.hours)), until_at: at(Number(form.hours)) },
      });
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["requests"] });
      onClose();
    },
  });
  const described = form.appearance.trim() || form.clothes.trim() || form.vehicle.trim();
  const ready = Boolean(form.case_no.trim() && form.reason.trim() && described && reach.length) && !send.isPending;
  const go = () => {
    if (ready) send.mutate();
  };
  const field = (
    name: "case_no" | "appearance" | "clothes" | "vehicle" | "lat" | "lon" | "radius" | "hours",
    label: string,
    hint = "",
  ) => (
    <label className="field">
      <span>{label}</span>
      <input
        className="in"
        name={name}
        placeholder={hint}
        value={form[name]}
        onChange={(e) => setForm({ ...form, [name]: e.target.value })}
      />
    </label>
  );
  return (
    <Dialog
      title={t.ask}
      hint={t.askHint}
      onClose={onClose}
      onSend={go}
      width={680}
      foot={
        <>
          <span className="sm t3">{reach.length ? t.things(reach.length) : t.noCameras} · §18②7</span>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!ready} onClick={go}>
            {t.send}
          </Button>
        </>
      }
    >
      <div className="ask-form">
        {field("case_no", t.case)}
        {field("clothes", t.clothes)}
        {field("appearance", t.appearance)}
        {field("vehicle", t.vehicle)}
        {field("lat", t.lat, lat.toFixed(5))}
        {field("lon", t.lon, lon.toFixed(5))}
        {field("radius", t.radius)}
        {field("hours", t.hours)}
        <label className="field wide">
          <span>{t.reason}</span>
          <textarea
            className="in area"
            rows={3}
            name="reason"
            value={form.reason}
            onChange={(e) => setForm({ ...form, reason: e.target.value })}
          />
        </label>
        <label className="fx sm wide">
          <input
            type="checkbox"
            name="urgent"
            checked={form.urgent}
            onChange={(e) => setForm({ ...form, urgent: e.target.checked })}
          />
          {t.urgentAsk} <span className="t3">{t.urgentHint}</span>
        </label>
      </div>
      {send.error instanceof Refusal ? (
        <Refused refusal={send.error} />
      ) : send.error ? (
        <Failed detail={send.error.message} />
      ) : null}
    </Dialog>
  );
}
