// The form of every page: fields from a list, and the API's refusals beside the fields that they name.
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useI18n } from "../i18n";
import type { Refusal } from "./act";
import { Problems } from "./page";

export type Values = Record<string, string>;
export type Field = {
  name: string;
  label: string;
  type?: "text" | "email" | "url" | "date" | "decimal" | "number" | "textarea" | "select" | "checkbox" | "password";
  options?: [string, string][];
  hint?: string;
  optional?: boolean;
  /** The last member of the paths of refusals that are about this field; by default its name. */
  path?: string;
  initial?: string;
};

type Props = {
  fields: Field[];
  submit: string;
  /** Send the values, and return what the API refused; nothing if it was done. */
  onSubmit: (values: Values) => Promise<Refusal[] | void>;
  onChange?: (values: Values) => void;
  children?: ReactNode;
  className?: string;
};

/** Initial values of the fields; an unchecked box is the empty text, a checked one `on`. */
export const initialOf = (fields: Field[]): Values =>
  Object.fromEntries(
    fields.map(({ name, initial, type, options, optional }) => [
      name,
      initial ?? (type === "select" && !optional ? (options?.[0]?.[0] ?? "") : ""),
    ]),
  );

export function Form({ fields, submit, onSubmit, onChange, children, className }: Props) {
  const [values, setValues] = useState<Values>(() => initialOf(fields));
  const [refusals, setRefusals] = useState<Refusal[]>([]);
  const [sending, setSending] = useState(false);
  const set = (name: string, value: string) => {
    const next = { ...values, [name]: value };
    setValues(next);
    onChange?.(next);
  };
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (sending) return;
    setSending(true);
    try {
      setRefusals((await onSubmit({ ...initialOf(fields), ...values })) ?? []);
    } catch (error) {
      setRefusals([{ message: (error as Error).message, path: [] }]);
    } finally {
      setSending(false);
    }
  };
  const of = (field: Field) => refusals.filter(({ path }) => path.includes(field.path ?? field.name));
  const others = refusals.filter((refusal) => !fields.some((field) => of(field).includes(refusal)));
  return (
    <form onSubmit={send} className={className ?? "form"} noValidate={false}>
      <Problems messages={others.map(({ message }) => message)} />
      {fields.map((field) => (
        <FieldRow
          key={field.name}
          field={field}
          value={values[field.name] ?? initialOf([field])[field.name]!}
          refusal={of(field)[0]?.message}
          set={set}
        />
      ))}
      {children}
      <div className="actions">
        <button type="submit" className="primary" aria-disabled={sending} aria-busy={sending}>{submit}</button>
      </div>
    </form>
  );
}

type RowProps = { field: Field; value: string; refusal?: string; set: (name: string, value: string) => void };

export function FieldRow({ field, value, refusal, set }: RowProps) {
  const { t } = useI18n();
  const id = useId();
  const { name, label, type = "text", options = [], hint, optional } = field;
  const described = [hint && `${id}-hint`, refusal && `${id}-refusal`].filter(Boolean).join(" ") || undefined;
  const common = {
    id,
    name,
    "aria-describedby": described,
    "aria-invalid": refusal ? true : undefined,
    required: !optional && type !== "checkbox",
  };
  let control: ReactNode;
  if (type === "select") {
    control = (
      <select {...common} value={value} onChange={(event) => set(name, event.target.value)}>
        {optional && <option value="">–</option>}
        {options.map(([each, text]) => (
          <option key={each} value={each}>{text}</option>
        ))}
      </select>
    );
  } else if (type === "checkbox") {
    const checked = value === "on";
    control = <input {...common} type="checkbox" checked={checked} onChange={() => set(name, checked ? "" : "on")} />;
  } else if (type === "textarea") {
    control = <textarea {...common} rows={3} value={value} onChange={(event) => set(name, event.target.value)} />;
  } else {
    const isNumber = type === "decimal" || type === "number";
    control = (
      <input
        {...common}
        type={isNumber ? "text" : type}
        inputMode={isNumber ? "decimal" : undefined}
        dir={isNumber || type === "url" || type === "email" ? "ltr" : undefined}
        autoComplete={type === "password" ? "current-password" : "off"}
        value={value}
        onChange={(event) => set(name, event.target.value)}
      />
    );
  }
  return (
    <div className={type === "checkbox" ? "field check" : "field"}>
      <label htmlFor={id}>
        {label}
        {optional && type !== "checkbox" && <span className="quiet"> {t("form.optional")}</span>}
      </label>
      {control}
      {hint && <p id={`${id}-hint`} className="quiet">{hint}</p>}
      {refusal && <p id={`${id}-refusal`} className="refusal">{refusal}</p>}
    </div>
  );
}
