/** How a device is asked, and what its camera may be turned to: calibration, registered sector, privacy zones. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Corner, type Device, type DeviceForm as Form, onvif, type Turning } from "../../../api/ptz";
import { FormSheet } from "../../../kit/FormSheet";
import { between, type FormField, type Values } from "../../../kit/form";
import { type PtzText, usePtzText } from "../../../text/ptz";
import { PickCamera } from "../../policy/PickCamera";
import { ZonePlane } from "./ZonePlane";

type Numbered = readonly [name: string, label: keyof PtzText, low: number, high: number, hint?: keyof PtzText];
/** As the server checks them (api/ptz_forms.py). */
const OPTICS: readonly Numbered[] = [
  ["north_deg", "northDeg", 0, 360, "northHint"],
  ["height_m", "heightM", 0.1, 200],
  ["pan_from_deg", "panFrom", -360, 360],
  ["pan_until_deg", "panUntil", -360, 360],
  ["tilt_from_deg", "tiltFrom", -90, 90],
  ["tilt_until_deg", "tiltUntil", -90, 90],
  ["fov_wide_deg", "fovWide", 1, 120],
  ["fov_tele_deg", "fovTele", 1, 120],
];
const SECTOR: readonly Numbered[] = [
  ["from_deg", "fromDeg", 0, 360, "sectorHint"],
  ["until_deg", "untilDeg", 0, 360],
  ["low_deg", "lowDeg", -90, 90],
  ["high_deg", "highDeg", -90, 90],
  ["zoom_most", "zoomMost", 0, 1],
];
/** What most domes are: a whole turn, down to their foot, a lens of 60 to 6 degrees, on a pole of five metres. */
const USUAL: Values = {
  north_deg: "0",
  height_m: "5",
  pan_from_deg: "-180",
  pan_until_deg: "180",
  tilt_from_deg: "-90",
  tilt_until_deg: "20",
  fov_wide_deg: "60",
  fov_tele_deg: "6",
  endless: "no",
  from_deg: "0",
  until_deg: "0",
  low_deg: "-90",
  high_deg: "10",
  zoom_most: "1",
  zones: "[]",
};

const numbers = (names: readonly Numbered[], v: Values) =>
  Object.fromEntries(names.map(([name]) => [name, Number(v[name])]));

function turningOf(v: Values): Turning {
  return {
    optics: { ...numbers(OPTICS, v), endless: v.endless === "yes" } as unknown as Turning["optics"],
    sector: numbers(SECTOR, v) as unknown as Turning["sector"],
    zones: JSON.parse(v.zones || "[]") as Corner[][],
  };
}

/** The form as the server takes it. Without a new password the kept one stays. */
export function formOf(v: Values): Form {
  const own = v.login === "own";
  return {
    port: Number(v.port),
    user: own ? (v.user ?? "").trim() : null,
    password: own && v.password ? v.password : null,
    turning: v.turns === "yes" ? turningOf(v) : null,
  };
}

function valuesOf(device: Device | undefined): Values {
  const turning = device?.turning;
  const told = { ...turning?.optics, ...turning?.sector };
  return {
    ...USUAL,
    ...Object.fromEntries(
      Object.entries(told).map(([k, v]) => [k, typeof v === "number" ? String(Number(v.toFixed(3))) : String(v)]),
    ),
    port: String(device?.port ?? 80),
    login: device?.own_login ? "own" : "stream",
    user: device?.own_login ? device.user : "",
    password: "",
    turns: turning ? "yes" : "no",
    endless: turning?.optics.endless ? "yes" : "no",
    zones: JSON.stringify(turning?.zones ?? []),
    camera: device?.camera_id ?? "",
  };
}

export function DeviceForm({ device, onClose }: { device: Device | undefined; onClose: () => void }) {
  const t = usePtzText();
  const client = useQueryClient();
  const [named, setNamed] = useState<{ camera_id: string; code: string; address: string }>();
  const own = (v: Values) => v.login === "own";
  const turns = (v: Values) => v.turns === "yes";
  const numeric = ([name, label, low, high, hint]: Numbered): FormField => ({
    name,
    label: t[label] as string,
    when: turns,
    check: between(low, high, t.number(low, high)),
    ...(hint ? { hint: t[hint] as string } : {}),
  });
  const code = device?.code ?? named?.code ?? "";
  return (
    <FormSheet
      title={device ? `${device.code} · ${t.edit}` : t.add}
      width={760}
      fields={[
        ...(device
          ? []
          : [
              {
                name: "camera",
                label: t.camera,
                kind: "own" as const,
                draw: (_: string, set: (value: string) => void) => (
                  <PickCamera
                    label={null}
                    chosen={named}
                    onPick={(c) => {
                      setNamed(c);
                      set(c?.camera_id ?? "");
                    }}
                  />
                ),
              },
            ]),
        { name: "port", label: t.port, hint: t.portHint, check: between(1, 65535, t.number(1, 65535)) },
        {
          name: "login",
          label: t.login,
          kind: "select",
          options: [
            ["stream", t.streamLogin],
            ["own", t.ownLogin],
          ],
        },
        { name: "user", label: t.user, most: 64, when: own },
        {
          name: "password",
          label: t.password,
          kind: "secret",
          most: 128,
          when: own,
          ...(device?.own_login ? { optional: true, hint: t.passwordHint } : {}),
        },
        {
          name: "turns",
          label: t.mayTurn,
          kind: "select",
          wide: true,
          options: [
            ["no", t.mayTurnNo],
            ["yes", t.mayTurnYes],
          ],
        },
        { name: "calibration", label: t.calibration, kind: "head", when: turns },
        ...OPTICS.map(numeric),
        {
          name: "endless",
          label: t.endless,
          kind: "select",
          when: turns,
          options: [
            ["no", t.no],
            ["yes", t.yes],
          ],
        },
        { name: "sector", label: `${t.sectorHead} · ${t.clause}`, kind: "head", when: turns },
        ...SECTOR.map(numeric),
        {
          name: "zones",
          label: t.zones,
          kind: "own",
          hint: t.zonesHint,
          when: turns,
          draw: (value, set, _, all) => (
            <ZonePlane
              sector={turningOf(all).sector}
              zones={JSON.parse(value || "[]") as Corner[][]}
              onZones={(zones) => set(JSON.stringify(zones))}
            />
          ),
        },
      ]}
      initial={valuesOf(device)}
      verb={device ? t.edit : t.add}
      send={(v) => onvif.save(v.camera ?? "", formOf(v))}
      done={() => t.saved(code)}
      onDone={(saved) => {
        for (const key of ["onvif", "ptz"]) void client.invalidateQueries({ queryKey: [key] });
        void onvif.check(saved.camera_id).finally(() => void client.invalidateQueries({ queryKey: ["onvif"] }));
      }}
      onClose={onClose}
    />
  );
}
