/** A form in a sheet: fields as data, problems beside their field, Ctrl Enter sends, Escape loses nothing that was sent. */
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useRef, useState } from "react";
import { Refusal } from "../api/client";
import { useText } from "../text";
import { Dialog } from "./Dialog";
import { type FormField, problemsOf, type Values } from "./form";
import { Button } from "./parts";
import { Failed, Refused } from "./states";
import { toast } from "./Toasts";

export function FormSheet<A>({
  title,
  hint,
  fields,
  initial = {},
  verb,
  send,
  done,
  onClose,
  onDone,
  children,
  width = 680,
}: {
  title: string;
  hint?: string;
  fields: readonly FormField[];
  initial?: Values;
  verb: string;
  send: (values: Values) => Promise<A>;
  done?: (values: Values) => string;
  onClose: () => void;
  onDone?: (answer: A) => void;
  children?: ReactNode;
  width?: number;
}) {
  const words = useText().form;
  const box = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState<Values>(() => ({
    ...Object.fromEntries(fields.map((f) => [f.name, f.kind === "select" ? (f.options?.[0]?.[0] ?? "") : ""])),
    ...initial,
  }));
  const [tried, setTried] = useState(false);
  const problems = problemsOf(fields, values, words);
  const asked = fields.filter((f) => f.when?.(values) !== false);
  const act = useMutation({
    mutationFn: () => send(values),
    onSuccess: (answer) => {
      if (done) toast(done(values));
      onClose();
      onDone?.(answer);
    },
  });
  const go = () => {
    setTried(true);
    const first = fields.find((f) => problems[f.name]);
    if (first) box.current?.querySelector<HTMLElement>(`[name="${first.name}"]`)?.focus();
    else if (!act.isPending) act.mutate();
  };
  return (
    <Dialog
      title={title}
      {...(hint ? { hint } : {})}
      onClose={onClose}
      onSend={go}
      width={width}
      foot={
        <>
          {tried && Object.keys(problems).length ? (
            <span className="sm c2" role="alert">
              {words.open(Object.keys(problems).length)}
            </span>
          ) : null}
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={act.isPending} onClick={go}>
            {act.isPending ? words.sending : verb}
          </Button>
        </>
      }
    >
      {children}
      <form ref={box} className="form" onSubmit={(e) => e.preventDefault()}>
        {asked.map((f) => (
          <FieldIn
            key={f.name}
            field={f}
            values={values}
            value={values[f.name] ?? ""}
            problem={tried ? problems[f.name] : undefined}
            onChange={(value) => setValues((old) => ({ ...old, [f.name]: value }))}
          />
        ))}
      </form>
      {act.error instanceof Refusal ? (
        <Refused refusal={act.error} />
      ) : act.error ? (
        <Failed detail={act.error.message} />
      ) : null}
    </Dialog>
  );
}

function FieldIn({
  field,
  values,
  value,
  problem,
  onChange,
}: {
  field: FormField;
  values: Values;
  value: string;
  problem: string | undefined;
  onChange: (value: string) => void;
}) {
  const words = useText().form;
  const says = problem ? `${field.name}-says` : undefined;
  const all = {
    id: field.name,
    name: field.name,
    value,
    "aria-invalid": problem ? true : undefined,
    "aria-describedby": says,
  } as const;
  const wide = field.kind === "area" || field.kind === "checks" || field.kind === "own" || field.wide;
  const label = (
    <span>
      {field.label}
      {field.optional ? <i className="xs t4"> {words.optional}</i> : null}
    </span>
  );
  const said = problem ? (
    <span className="xs c2" id={says}>
      {problem}
    </span>
  ) : field.hint ? (
    <span className="xs t4">{field.hint}</span>
  ) : null;
  if (field.kind === "head") return <div className="grp wide form-head">{field.label}</div>;
  if (field.kind === "checks") {
    const chosen = value.split(" ").filter(Boolean);
    const flip = (word: string) =>
      onChange((chosen.includes(word) ? chosen.filter((c) => c !== word) : [...chosen, word]).join(" "));
    return (
      <fieldset className="field wide">
        <legend>{label}</legend>
        <div className="checks">
          {(field.options ?? []).map(([word, says]) => (
            <label className="fx sm" key={word}>
              <input
                type="checkbox"
                name={field.name}
                value={word}
                checked={chosen.includes(word)}
                onChange={() => flip(word)}
              />
              {says}
            </label>
          ))}
        </div>
        {said}
      </fieldset>
    );
  }
  if (field.kind === "own") {
    return (
      <div className="field wide">
        {label}
        {field.draw?.(value, onChange, all["aria-describedby"], values)}
        {said}
      </div>
    );
  }
  return (
    <label className={wide ? "field wide" : "field"} htmlFor={field.name}>
      {label}
      {field.kind === "area" ? (
        <textarea
          className="in area"
          rows={3}
          maxLength={field.most}
          {...all}
          onChange={(e) => onChange(e.target.value)}
        />
      ) : field.kind === "select" ? (
        <select className="in" {...all} onChange={(e) => onChange(e.target.value)}>
          {(field.options ?? []).map(([word, says]) => (
            <option key={word} value={word}>
              {says}
            </option>
          ))}
        </select>
      ) : (
        <input
          className="in"
          type={field.kind === "date" ? "date" : field.kind === "secret" ? "password" : "text"}
          autoComplete={field.kind === "secret" ? "new-password" : "off"}
          list={field.suggest ? `${field.name}-list` : undefined}
          maxLength={field.most}
          {...all}
          onChange={(e) => onChange(e.target.value)}
        />
      )}
      {field.suggest ? (
        <datalist id={`${field.name}-list`}>
          {field.suggest.map((s) => (
            <option key={s} value={s} />
          ))}
        </datalist>
      ) : null}
      {said}
    </label>
  );
}
