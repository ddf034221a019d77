import { useState } from "react";
import { Dialog } from "../kit/Dialog";
import { capOf, useHints } from "../kit/keys";
import { useText } from "../text";

/** All keys of the screen it was opened from. */
export function KeyHelp({
  screens,
  onClose,
}: {
  screens: readonly { digit: number; label: string }[];
  onClose: () => void;
}) {
  const text = useText();
  const hints = useHints();
  const [here] = useState(hints);
  const everywhere: [string, string][] = [
    ...screens.map((s): [string, string] => [`G ${s.digit}`, s.label]),
    ["Ctrl K", text.keys.find],
    ["Ctrl Z", text.keys.undo],
    ["Tab", text.keys.next],
    ["Esc", text.keys.back],
    ["?", text.keys.help],
  ];
  return (
    <Dialog title={text.keys.title} onClose={onClose} width={620}>
      <p className="sm t3">{text.keys.note}</p>
      <div className="key-list">
        {[...here.map((h): [string, string] => [capOf(h), h.hint ?? ""]), ...everywhere].map(([cap, words]) => (
          <span className="kh" key={`${cap}${words}`}>
            {cap.split(" ").map((c) => (
              <kbd key={c}>{c}</kbd>
            ))}
            {words}
          </span>
        ))}
      </div>
    </Dialog>
  );
}
