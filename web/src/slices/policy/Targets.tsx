/** Whom or what a ground reaches: cameras by what people call them, wearers by their number, anything else by its id. */
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api } from "../../api/client";
import { homes } from "../../api/homes";
import { useWearers } from "../../api/hooks";
import type { Account, CalledCamera, WearerSummary } from "../../api/types";
import { isId } from "../../kit/form";
import { shortId } from "../../kit/format";
import { Icon, type IconName } from "../../kit/Icon";
import { useKeeping } from "../../text/keeping";

/** How a camera is called where it is chosen. */
export const called = (c: Pick<CalledCamera, "code" | "address">) => [c.code, c.address].filter(Boolean).join(" · ");

/** What a seat finds by its name, and where it finds cameras; anything else it names by its id. */
export interface Finds {
  wearers?: boolean;
  /** A wearer by the whole number alone, as the order has it. */
  numbered?: boolean;
  protected?: boolean;
  cameras?: "register" | "look-up";
}
/** Who may read whom, of those who enter orders and place holds; the server decides. */
const READS_WEARERS = ["probation_officer", "office_director", "shift_lead"];
const LOOKS_UP = ["investigator", "court_clerk", "privacy_officer"];

export function findsOf({ role, centre_kind }: Pick<Account, "role" | "centre_kind">): Finds {
  if (centre_kind === "city") return { cameras: LOOKS_UP.includes(role) ? "look-up" : "register" };
  return {
    wearers: READS_WEARERS.includes(role),
    numbered: LOOKS_UP.includes(role),
    protected: role === "probation_officer",
    ...(role === "shift_lead" && { cameras: "register" as const }),
  };
}

/** The kinds of things that this seat finds by name, as the words beside the field list them. */
export const kindsOf = (finds: Finds) =>
  (["wearers", "numbered", "protected", "cameras"] as const).filter((k) => finds[k]);

/** Signs of a name that a look-up asks for before it answers; the register answers to any (server: `look_up`). */
const FEWEST_SIGNS = 2;
/** Shorter ones are no whole number: nothing is asked, and nothing noted, while somebody still types (ours). */
const FEWEST_OF_NUMBER = 5;

/** Cameras whose code or address holds these words. */
export function useNamed(words: string, from: Finds["cameras"] = "register") {
  const asked = useDeferredValue(words.trim());
  const enough = from === "register" || asked.length >= FEWEST_SIGNS;
  return useQuery({
    queryKey: ["cameras-named", from, asked],
    queryFn: (): Promise<{ cameras: CalledCamera[] }> =>
      from === "register" ? api.camerasNamed(asked) : api.camerasLookedUp(asked),
    enabled: enough && !isId(asked),
    placeholderData: (before) => (enough ? before : undefined),
  });
}

interface Offer {
  id: string;
  icon: IconName;
  code: string;
  more: string;
}
const OFFERED = 6;
/** Signs between the parts of a number are typed one way or another, or not at all. */
const bare = (words: string) => words.toLowerCase().replaceAll(/[\s\-./]/g, "");

const holds = (words: string, ...said: string[]) => said.some((each) => bare(each).includes(words));

/** Wearers whose number or office holds these words. */
export const wearersLike = (list: readonly WearerSummary[], words: string) => {
  const wanted = bare(words);
  return wanted ? list.filter((w) => holds(wanted, w.code, w.office)) : [];
};

/** What these words find among people, by their numbers. */
function usePeople(words: string, finds: Finds): Offer[] {
  const worn = useWearers(finds.wearers === true);
  const guarded = useQuery({
    queryKey: ["protected-people"],
    queryFn: homes.people,
    enabled: finds.protected === true,
  });
  const number = useDeferredValue(words.trim());
  const named = useQuery({
    queryKey: ["wearer-numbered", number],
    queryFn: () => api.wearerNumbered(number),
    enabled: finds.numbered === true && number.length >= FEWEST_OF_NUMBER && !isId(number),
  });
  const wanted = bare(words);
  const wearers = wearersLike(worn.data?.wearers ?? [], words).map(
    (w): Offer => ({ id: w.wearer_id, icon: "person", code: w.code, more: w.office }),
  );
  if (named.data && wanted) wearers.push({ id: named.data.wearer_id, icon: "person", code: named.data.code, more: "" });
  const persons = wanted ? (guarded.data?.protected_persons ?? []).filter((p) => holds(wanted, p.code)) : [];
  return [
    ...wearers,
    ...persons.map((p): Offer => ({ id: p.protected_person_id, icon: "home", code: p.code, more: "" })),
  ];
}

export function Targets({
  name,
  value,
  set,
  says,
  finds,
}: {
  name: string;
  value: string;
  set: (value: string) => void;
  says: string | undefined;
  finds: Finds;
}) {
  const t = useKeeping();
  const [words, setWords] = useState("");
  const [names, setNames] = useState<Record<string, string>>({});
  const found = useNamed(finds.cameras ? words : "", finds.cameras ?? "look-up");
  const chosen = value.split(" ").filter(Boolean);
  const things = (found.data?.cameras ?? []).map(
    (c): Offer => ({ id: c.camera_id, icon: "camera", code: c.code, more: c.address }),
  );
  const offered = [...usePeople(words, finds), ...things].filter((o) => !chosen.includes(o.id)).slice(0, OFFERED);
  const named = (o: Offer) => [o.code, o.more].filter(Boolean).join(" · ");
  const add = (id: string, label: string) => {
    setNames((old) => ({ ...old, [id]: label }));
    if (!chosen.includes(id)) set([...chosen, id].join(" "));
    setWords("");
  };
  const take = () => {
    const typed = words.trim();
    if (isId(typed)) add(typed.toLowerCase(), shortId(typed));
    else if (typed && offered[0]) add(offered[0].id, named(offered[0]));
  };
  return (
    <div className="targets">
      {chosen.length ? (
        <ul className="chips">
          {chosen.map((id) => (
            <li key={id}>
              <span className="cut">{names[id] ?? shortId(id)}</span>
              <button
                type="button"
                className="bare"
                aria-label={t.remove(names[id] ?? shortId(id))}
                onClick={() => set(chosen.filter((c) => c !== id).join(" "))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <input
        className="in"
        name={name}
        autoComplete="off"
        placeholder={t.find(kindsOf(finds))}
        aria-describedby={says}
        value={words}
        onChange={(e) => setWords(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter" && !e.ctrlKey && !e.nativeEvent.isComposing) {
            e.preventDefault();
            take();
          }
        }}
        onBlur={() => isId(words.trim()) && take()}
      />
      {words.trim() && !isId(words.trim()) ? (
        <ul className="offers">
          {offered.map((o) => (
            <li key={o.id}>
              <button type="button" onClick={() => add(o.id, named(o))}>
                <Icon name={o.icon} size={16} />
                <b>{o.code}</b>
                <span className="cut t3">{o.more}</span>
              </button>
            </li>
          ))}
          {offered.length === 0 && !found.isFetching ? (
            <li className="xs t3">{words.trim().length < FEWEST_SIGNS ? t.twoSigns : t.noTarget}</li>
          ) : null}
        </ul>
      ) : null}
    </div>
  );
}
