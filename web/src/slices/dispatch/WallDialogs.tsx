/** The sheets of the wall: a camera by its number, and the saved layouts. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "../../api/client";
import { footage, type Layout, useLayouts } from "../../api/footage";
import { Dialog } from "../../kit/Dialog";
import { useKeys } from "../../kit/keys";
import { Button } from "../../kit/parts";
import { Answer, Empty, Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useFootageText } from "../../text/footage";
import type { Slots } from "../../wall/layout";

/** `=` and a camera's number: it stands in the chosen tile. */
export function PutCamera({ onPut, onClose }: { onPut: (digits: string) => boolean; onClose: () => void }) {
  const t = useFootageText();
  const [digits, setDigits] = useState("");
  const [none, setNone] = useState(false);
  return (
    <Dialog title={t.put} hint={t.putHint} onClose={onClose} width={360}>
      <input
        className="in"
        inputMode="numeric"
        name="number"
        aria-label={t.put}
        value={digits}
        onChange={(e) => {
          setDigits(e.target.value.replace(/\D/g, ""));
          setNone(false);
        }}
        onKeyDown={(e) => {
          if (e.key !== "Enter" || e.nativeEvent.isComposing) return;
          if (onPut(digits)) onClose();
          else setNone(true);
        }}
      />
      {none ? <p className="sm c2">{t.putNone}</p> : null}
    </Dialog>
  );
}

export function WallLayouts({
  tiles,
  onUse,
  onClose,
}: {
  tiles: Slots;
  onUse: (tiles: Slots) => void;
  onClose: () => void;
}) {
  const t = useFootageText();
  const client = useQueryClient();
  const list = useLayouts();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const rows = list.data?.walls ?? [];
  const refresh = () => void client.invalidateQueries({ queryKey: ["layouts"] });
  const save = useMutation({
    mutationFn: () => {
      // saving under a name that is one's own writes over it
      const same = rows.find((l) => l.own && l.name === name.trim());
      const id = same?.wall_id ?? crypto.randomUUID();
      return footage.saveLayout(id, { name: name.trim(), shared, tiles: [...tiles], size: tiles.length });
    },
    onSuccess: (saved) => {
      toast(t.layoutSaved(saved.name));
      setName("");
      refresh();
    },
  });
  const drop = useMutation({ mutationFn: (wall: string) => footage.dropLayout(wall), onSettled: refresh });
  const use = (layout: Layout) => {
    onUse(layout.tiles);
    onClose();
  };
  const send = () => {
    if (name.trim() && !save.isPending) save.mutate();
  };
  useKeys(
    rows.slice(0, 9).map((l, i) => ({ code: `Digit${i + 1}`, run: () => use(l) })),
    false,
  );
  return (
    <Dialog
      title={t.layouts}
      onClose={onClose}
      onSend={send}
      width={640}
      foot={
        <>
          <input
            className="in"
            name="name"
            maxLength={60}
            placeholder={t.layoutName}
            aria-label={t.layoutName}
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
          <label className="fx sm nw">
            <input type="checkbox" checked={shared} onChange={(e) => setShared(e.target.checked)} />
            {t.layoutShared}
          </label>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!name.trim() || save.isPending} onClick={send}>
            {t.layoutSave}
          </Button>
        </>
      }
    >
      {list.data ? null : <Answer error={list.error} retry={() => void list.refetch()} what={t.layouts} />}
      {list.data && rows.length === 0 ? <Empty icon="wall" title={t.noLayouts} /> : null}
      {rows.map((l) => (
        <div className="fx layout-row" key={l.wall_id}>
          <b className="cut">{l.name}</b>
          <span className="xs t3 nw">{l.shared ? t.layoutShared : t.layoutOwn}</span>
          <span className="sp" />
          {l.own ? (
            <Button small tone="ghost" onClick={() => drop.mutate(l.wall_id)}>
              {t.layoutDrop}
            </Button>
          ) : null}
          <Button small onClick={() => use(l)}>
            {t.layoutUse}
          </Button>
        </div>
      ))}
      {save.error instanceof Refusal ? <Refused refusal={save.error} /> : null}
    </Dialog>
  );
}
