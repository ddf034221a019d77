/** What one person does to a hold, and what another confirms: placed, made longer, lifted. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Refusal } from "../../api/client";
import { type Hold, keeping } from "../../api/keeping";
import type { Account } from "../../api/types";
import { day } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { Button } from "../../kit/parts";
import { Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useKeeping } from "../../text/keeping";
import { GiveReason } from "./AgencyDialogs";
import { PlaceHold, RenewHold } from "./OrderForms";

/** The last day a thing holds: its end is that day's midnight. */
export const lastDay = (until: string) => day(Date.parse(until) - 1);

type Doing = { kind: "place" } | { kind: "renew" | "release"; hold: Hold };
export interface Holding {
  place: () => void;
  renew: (hold: Hold) => void;
  release: (hold: Hold) => void;
  /** Do what another person asked; one's own asking is nobody's to confirm but another's. */
  confirm: (hold: Hold) => void;
  /** Leave the hold as it is: taken back, or refused. */
  leave: (hold: Hold) => void;
  busy: boolean;
  /** The sheet that is open, or why the last answer was refused. */
  sheet: ReactNode;
  refused: ReactNode;
}

export function useHolding(account: Pick<Account, "role" | "centre_kind">): Holding {
  const t = useKeeping();
  const client = useQueryClient();
  const [doing, setDoing] = useState<Doing>();
  const close = () => {
    setDoing(undefined);
    for (const key of ["holds", "kept"]) void client.invalidateQueries({ queryKey: [key] });
  };
  const answer = useMutation({
    mutationFn: ({ hold, yes }: { hold: Hold; yes: boolean }) =>
      yes ? keeping.confirmHold(hold.hold_id) : keeping.leaveHold(hold.hold_id),
    onSuccess: (_, { hold, yes }) =>
      toast(yes ? (hold.asked?.change === "release" ? t.lifted(hold.case_no ?? "") : t.renewed) : t.stays),
    onSettled: close,
  });
  const may = (hold: Hold) => hold.stands && !answer.isPending;
  return {
    place: () => setDoing({ kind: "place" }),
    renew: (hold) => may(hold) && !hold.asked && setDoing({ kind: "renew", hold }),
    release: (hold) => may(hold) && !hold.asked && setDoing({ kind: "release", hold }),
    confirm: (hold) => may(hold) && hold.asked && !hold.asked.mine && answer.mutate({ hold, yes: true }),
    leave: (hold) => may(hold) && hold.asked && answer.mutate({ hold, yes: false }),
    busy: answer.isPending,
    refused: answer.error instanceof Refusal ? <Refused refusal={answer.error} /> : null,
    sheet: doing ? <Sheet doing={doing} account={account} onClose={close} /> : null,
  };
}

function Sheet({
  doing,
  account,
  onClose,
}: {
  doing: Doing;
  account: Pick<Account, "role" | "centre_kind">;
  onClose: () => void;
}) {
  const t = useKeeping();
  if (doing.kind === "place") return <PlaceHold account={account} onClose={onClose} />;
  if (doing.kind === "renew") return <RenewHold hold={doing.hold} onClose={onClose} />;
  return (
    <GiveReason
      title={t.releaseHold(doing.hold.case_no ?? "")}
      body={t.releaseBody}
      verb={t.askRelease}
      needed
      send={(reason) => keeping.releaseHold(doing.hold.hold_id, reason)}
      done={t.releaseAsked}
      onClose={onClose}
    />
  );
}

/** What somebody asked of a hold, for whoever is to answer. */
export function HoldAsking({ hold }: { hold: Hold }) {
  const t = useKeeping();
  const { asked } = hold;
  if (!asked || !hold.stands) return null;
  return (
    <p className="sm c2 hold-asked" role="status">
      <Icon name="clock" size={14} />{" "}
      {asked.change === "release" ? t.wantsRelease(asked.by) : t.wantsRenewal(asked.by, lastDay(asked.until_at ?? ""))}
      {asked.reason ? <span className="t2"> · {asked.reason}</span> : null}
      <span className="xs t3"> {asked.mine ? t.anotherConfirms : ""}</span>
    </p>
  );
}

/** The next steps with a hold that stands. `caps`: the keys, where this one is chosen. */
export function HoldButtons({ hold, holding, caps = false }: { hold: Hold; holding: Holding; caps?: boolean }) {
  const t = useKeeping();
  const cap = (key: string) => (caps ? { cap: key } : {});
  if (!hold.stands) return null;
  if (!hold.asked)
    return (
      <>
        <Button small {...cap("E")} onClick={() => holding.renew(hold)}>
          {t.renew}
        </Button>
        <Button small tone="line" {...cap("X")} onClick={() => holding.release(hold)}>
          {t.askRelease}
        </Button>
      </>
    );
  return (
    <>
      {hold.asked.mine ? null : (
        <Button small tone="pri" {...cap("Y")} disabled={holding.busy} onClick={() => holding.confirm(hold)}>
          {hold.asked.change === "release" ? t.confirmRelease : t.confirmRenewal}
        </Button>
      )}
      <Button small tone="line" {...cap("W")} disabled={holding.busy} onClick={() => holding.leave(hold)}>
        {hold.asked.mine ? t.takeBack : t.letStand}
      </Button>
    </>
  );
}
