/** Whom or what a ground reaches: cameras by what people call them, anything else by its id. */
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api } from "../../api/client";
import type { NamedCamera } from "../../api/types";
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

export function Targets({
  name,
  value,
  set,
  says,
}: {
  name: string;
  value: string;
  set: (value: string) => void;
  says: string | undefined;
}) {
  const t = useKeeping();
  const [words, setWords] = useState("");
  const [names, setNames] = useState<Record<string, string>>({});
  const found = useNamed(words);
  const chosen = value.split(" ").filter(Boolean);
  const offered = (found.data?.cameras ?? []).filter((c) => !chosen.includes(c.camera_id)).slice(0, 6);
  const add = (id: string, label: string) => {
    setNames((old) => ({ ...old, [id]: label }));
    if (!chosen.includes(id)) set([...chosen, id].join(" "));
    setWords("");
  };
  const take = () => {
    const typed = words.trim();
    if (isId(typed)) add(typed.toLowerCase(), shortId(typed));
    else if (typed && offered[0]) add(offered[0].camera_id, called(offered[0]));
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
        placeholder={t.find}
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
          {offered.map((c) => (
            <li key={c.camera_id}>
              <button type="button" onClick={() => add(c.camera_id, called(c))}>
                <Icon name="camera" size={16} />
                <b>{c.code}</b>
                <span className="cut t3">{c.address}</span>
              </button>
            </li>
          ))}
          {offered.length === 0 && !found.isFetching ? <li className="xs t3">{t.noTarget}</li> : null}
        </ul>
      ) : null}
    </div>
  );
}
