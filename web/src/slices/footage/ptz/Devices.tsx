/** Devices asked over ONVIF: clock, streams, head; their set-up; who else answers on the camera network. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Answering, type Device, onvif, useDevices } from "../../../api/ptz";
import { Dialog } from "../../../kit/Dialog";
import { dayMinutes } from "../../../kit/format";
import { Icon } from "../../../kit/Icon";
import { useKeys } from "../../../kit/keys";
import { useMoves } from "../../../kit/moves";
import { Button, Facts, Panel, PanelHead } from "../../../kit/parts";
import { Answer, Empty } from "../../../kit/states";
import { toast } from "../../../kit/Toasts";
import { useLocale } from "../../../text";
import { usePtzText } from "../../../text/ptz";
import { DeviceForm } from "./DeviceForm";
import { Dial } from "./Dial";
import { ZonePlane } from "./ZonePlane";

const well = (d: Device) => d.state === "ok" || d.state === "unchecked";
type Doing = "add" | "edit" | "discover";

function useClockWords() {
  const t = usePtzText();
  return (d: Device) => (d.clock_off_s === null ? t.clockUnknown : t.clockOff(d.clock_off_s.toFixed(1)));
}

export function Devices() {
  const t = usePtzText();
  const client = useQueryClient();
  const list = useDevices();
  const [chosen, choose] = useState<string>();
  const [doing, setDoing] = useState<Doing>();
  const devices = list.data?.cameras ?? [];
  const picked = devices.find((d) => d.camera_id === chosen) ?? devices[0];
  const again = () => void client.invalidateQueries({ queryKey: ["onvif"] });
  const check = useMutation({
    mutationFn: (d: Device) => onvif.check(d.camera_id),
    onSuccess: (d) => toast(t.checked(d.code)),
    onSettled: again,
  });
  const drop = useMutation({
    mutationFn: (d: Device) => onvif.drop(d.camera_id),
    onSuccess: (_, d) => toast(t.dropped(d.code)),
    onSettled: again,
  });
  const moves = useMoves(
    devices,
    (d) => d === picked,
    (d) => choose(d.camera_id),
  );
  useKeys([
    ...moves,
    { code: "KeyN", hint: t.add, run: () => setDoing("add") },
    { code: "KeyE", hint: t.edit, run: () => picked && setDoing("edit") },
    { code: "KeyC", hint: t.check, run: () => picked && !check.isPending && check.mutate(picked) },
    { code: "KeyD", hint: t.discover, run: () => setDoing("discover") },
  ]);
  const close = () => setDoing(undefined);
  return (
    <main className="main devices-grid">
      <Panel
        title={t.devices}
        sub={devices.length ? String(devices.length) : ""}
        right={
          <span className="fx">
            <Button small tone="line" cap="D" onClick={() => setDoing("discover")}>
              {t.discover}
            </Button>
            <Button small tone="pri" cap="N" onClick={() => setDoing("add")}>
              {t.add}
            </Button>
          </span>
        }
      >
        <div className="scroll-y">
          {list.data ? null : <Answer error={list.error} retry={() => void list.refetch()} what={t.devices} />}
          {list.data && devices.length === 0 ? <Empty icon="camera" title={t.none} body={t.noneBody} /> : null}
          {devices.length ? <DeviceTable list={devices} picked={picked} onPick={choose} /> : null}
        </div>
      </Panel>
      {picked ? (
        <DeviceSheet
          device={picked}
          checking={check.isPending}
          onCheck={() => check.mutate(picked)}
          onEdit={() => setDoing("edit")}
          onDrop={() => drop.mutate(picked)}
          error={check.error ?? drop.error}
        />
      ) : (
        <section className="panel" aria-label={t.devices} />
      )}
      {doing === "add" ? <DeviceForm device={undefined} onClose={close} /> : null}
      {doing === "edit" && picked ? <DeviceForm device={picked} onClose={close} /> : null}
      {doing === "discover" ? <Discovery onClose={close} /> : null}
    </main>
  );
}

function DeviceTable({
  list,
  picked,
  onPick,
}: {
  list: readonly Device[];
  picked: Device | undefined;
  onPick: (camera: string) => void;
}) {
  const t = usePtzText();
  const { locale } = useLocale();
  const clock = useClockWords();
  return (
    <table className="tbl d">
      <thead>
        <tr>
          <th>{t.camera}</th>
          <th>{t.address}</th>
          <th>{t.model}</th>
          <th>{t.turns}</th>
          <th className="r">{t.clock}</th>
          <th>{t.state}</th>
          <th className="r">{t.when}</th>
        </tr>
      </thead>
      <tbody>
        {list.map((d) => (
          <tr key={d.camera_id} className={d === picked ? "sel" : ""} onClick={() => onPick(d.camera_id)}>
            <td>
              <b className="t1">{d.code}</b>
            </td>
            <td className="num">
              {d.host}:{d.port}
            </td>
            <td className="cut wide-cell">{`${d.maker} ${d.model}`.trim() || "–"}</td>
            <td>{d.turning ? t.turning : t.fixed}</td>
            <td className={`r num${d.state === "clock" ? " c2" : ""}`}>{clock(d)}</td>
            <td className={well(d) ? "" : "cd"}>{locale === "ko" ? d.ko : d.en}</td>
            <td className="r num">{d.checked_at ? dayMinutes(d.checked_at) : t.never}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function DeviceSheet({
  device: d,
  checking,
  error,
  onCheck,
  onEdit,
  onDrop,
}: {
  device: Device;
  checking: boolean;
  error: Error | null;
  onCheck: () => void;
  onEdit: () => void;
  onDrop: () => void;
}) {
  const t = usePtzText();
  const { locale } = useLocale();
  const clock = useClockWords();
  return (
    <section className="panel" aria-label={d.code}>
      <PanelHead title={d.code} sub={d.name} />
      <div className="scroll-y">
        <p className={`pb sm device-state ${well(d) ? "t1" : "cd"}`} role="status">
          <Icon name={well(d) ? "check" : "warning"} size={16} /> {locale === "ko" ? d.ko : d.en}
        </p>
        <Facts
          rows={[
            [t.address, `${d.host}:${d.port}`],
            [t.login, `${d.user} · ${d.own_login ? t.ownLogin : t.streamLogin}`],
            [t.model, `${d.maker} ${d.model}`.trim()],
            [t.firmware, d.firmware],
            [t.clock, clock(d)],
            [t.when, d.checked_at ? dayMinutes(d.checked_at) : t.never],
          ]}
        />
        {error ? <Answer error={error} what={d.code} /> : null}
        <div className="fx pb device-acts">
          <Button small tone="pri" cap="C" disabled={checking} onClick={onCheck}>
            {checking ? t.checking : t.check}
          </Button>
          <Button small cap="E" onClick={onEdit}>
            {t.edit}
          </Button>
          <span className="sp" />
          <Button small tone="ghost" onClick={onDrop}>
            {t.dropDevice}
          </Button>
        </div>
        <Streams device={d} />
        {d.turning ? (
          <>
            <div className="grp">
              {t.sector} · {t.clause}
            </div>
            <div className="ptz-mid">
              <Dial sector={d.turning.sector} pose={null} />
              <Facts
                rows={[
                  [t.azimuth, `${Math.round(d.turning.sector.from_deg)}° – ${Math.round(d.turning.sector.until_deg)}°`],
                  [t.height, `${d.turning.sector.low_deg}° – ${d.turning.sector.high_deg}°`],
                  [t.zoom, `0 – ${d.turning.sector.zoom_most}`],
                ]}
              />
            </div>
            <div className="grp">
              {t.zones} {d.turning.zones.length}
            </div>
            <div className="pb device-zones">
              <ZonePlane sector={d.turning.sector} zones={d.turning.zones} />
            </div>
          </>
        ) : null}
      </div>
    </section>
  );
}

function Streams({ device }: { device: Device }) {
  const t = usePtzText();
  return (
    <>
      <div className="grp">{t.streams}</div>
      {device.profiles.length === 0 ? <p className="pb sm t3 ptz-who">{t.noStreams}</p> : null}
      <table className="tbl">
        <tbody>
          {device.profiles.map((p) => (
            <tr key={`${p.name}${p.width}`}>
              <td>
                <b className="t1">{p.name}</b>
              </td>
              <td className={p.codec === "h265" ? "cd" : ""}>{p.codec.toUpperCase()}</td>
              <td className="num">
                {p.width} × {p.height}
              </td>
              <td className="r num">{p.fps ? `${Number(p.fps.toFixed(1))} fps` : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** Who answers a probe. Nothing here adds anything. */
function Discovery({ onClose }: { onClose: () => void }) {
  const t = usePtzText();
  const search = useMutation({ mutationFn: onvif.discover });
  const found = search.data?.answers;
  return (
    <Dialog
      title={t.discovery}
      {...(found ? { hint: String(found.length) } : {})}
      width={760}
      onClose={onClose}
      onSend={() => search.mutate()}
      foot={
        <>
          <span className="sm t3">{t.notAdded}</span>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" data-first disabled={search.isPending} onClick={() => search.mutate()}>
            {search.isPending ? t.discovering : t.discover}
          </Button>
        </>
      }
    >
      {search.error ? <Answer error={search.error} what={t.discovery} /> : null}
      {found?.length === 0 ? <Empty icon="search" title={t.nobody} body={t.nobodyBody} /> : null}
      {found?.length ? <AnswerTable list={found} /> : null}
      {!found && !search.error ? <p className="sm t2">{search.isPending ? t.discovering : t.notAdded}</p> : null}
    </Dialog>
  );
}

export function AnswerTable({ list }: { list: readonly Answering[] }) {
  const t = usePtzText();
  return (
    <table className="tbl">
      <tbody>
        {list.map((a) => (
          <tr key={`${a.host}:${a.port}`} className={a.camera_id ? "" : "dim"}>
            <td>{a.code ? <b className="t1">{a.code}</b> : <span className="cd">{t.unknownDevice}</span>}</td>
            <td className="num">
              {a.host}:{a.port}
              {a.elsewhere ? <span className="xs cd"> {t.elsewhere(a.elsewhere)}</span> : null}
            </td>
            <td className="cut wide-cell">{[a.name, a.hardware].filter(Boolean).join(" · ")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
