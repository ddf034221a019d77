/** Whom or what a ground reaches: cameras by what people call them, wearers by their number, anything else by its id. */
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api } from "../../api/client";
import { useWearers } from "../../api/hooks";
import type { NamedCamera, WearerSummary } from "../../api/types";
import { isId } from "../../kit/form";
import { shortId } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeeping } from "../../text/keeping";

/** How a camera is called where it is chosen. */
export const called = (c: Pick<NamedCamera, "code" | "address">) => [c.code, c.address].filter(Boolean).join(" · ");

/** Cameras whose code or address holds these words; nothing for whom may not read the register. */
export function useNamed(words: string) {
  const asked = useDeferredValue(words.trim());
  return useQuery({
    queryKey: ["cameras-named", asked],
    queryFn: () => api.camerasNamed(asked),
    enabled: !isId(asked),
    placeholderData: (before) => before,
  });
}

interface Offer {
  id: string;
  icon: "camera" | "person";
  code: string;
  more: string;
}
const OFFERED = 6;
/** Signs between the parts of a number are typed one way or another, or not at all. */
const bare = (words: string) => words.toLowerCase().replaceAll(/[\s\-./]/g, "");

/** Wearers whose number or office holds these words. */
export const wearersLike = (list: readonly WearerSummary[], words: string) => {
  const wanted = bare(words);
  return wanted ? list.filter((w) => bare(w.code).includes(wanted) || bare(w.office).includes(wanted)) : [];
};

export function Targets({
  name,
  value,
  set,
  says,
  wearers = false,
}: {
  name: string;
  value: string;
  set: (value: string) => void;
  says: string | undefined;
  /** Whether this seat may read who wears a device; to any other nobody is offered. */
  wearers?: boolean;
}) {
  const t = useKeeping();
  const [words, setWords] = useState("");
  const [names, setNames] = useState<Record<string, string>>({});
  const found = useNamed(words);
  const worn = useWearers(wearers);
  const chosen = value.split(" ").filter(Boolean);
  const people = wearersLike(worn.data?.wearers ?? [], words).map(
    (w): Offer => ({ id: w.wearer_id, icon: "person", code: w.code, more: w.office }),
  );
  const things = (found.data?.cameras ?? []).map(
    (c): Offer => ({ id: c.camera_id, icon: "camera", code: c.code, more: c.address }),
  );
  const offered = [...people, ...things].filter((o) => !chosen.includes(o.id)).slice(0, OFFERED);
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
        placeholder={wearers ? t.findAll : t.find}
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
            <li className="xs t3">{found.error ? t.noRegister : wearers ? t.noTargetAtAll : t.noTarget}</li>
          ) : null}
        </ul>
      ) : null}
    </div>
  );
}
