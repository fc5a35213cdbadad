// The form of every page: fields from a list, and the API's refusals beside the fields that they name.
import { type FormEvent, type ReactNode, useId, useState } from "react";
import type { Refusal } from "../api";
import { isDecimal, useI18n } from "../i18n";
import { Problems } from "./page";

export type Values = Record<string, string>;
export type Field = {
  name: string;
  label: string;
  type?: "text" | "email" | "url" | "date" | "decimal" | "number" | "textarea" | "select" | "checkbox" | "password" | "file";
  options?: [string, string][];
  hint?: string;
  optional?: boolean;
  /** The currency of an amount, whose sign may be typed with it. */
  currency?: string;
  /** The last member of the paths of refusals that are about this field; by default its name. */
  path?: string;
  initial?: string;
  /** The kinds of files that can be chosen; the value of the field is the file in Base64. */
  accept?: string;
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

export const isNumeric = ({ type }: Field) => type === "decimal" || type === "number";

export function Form({ fields: given, submit, onSubmit, onChange, children, className }: Props) {
  const { t, decimal, typed, number } = useI18n();
  const fields = given.map((field) => (isNumeric(field) && field.initial ? { ...field, initial: typed(field.initial) } : field));
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
      const sent = { ...initialOf(fields), ...values };
      const numeric = fields.filter(isNumeric);
      for (const { name, currency } of numeric) sent[name] = decimal(sent[name]!, currency);
      const wrong = numeric.filter(({ name }) => sent[name] && !isDecimal(sent[name]));
      const refused = wrong.map((field) => ({ message: t("form.number", { example: number(field.type === "number" ? 30 : 5000.5) }), path: [field.path ?? field.name] }));
      setRefusals(wrong.length ? refused : ((await onSubmit(sent)) ?? []));
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
  } else if (type === "file") {
    const choose = async (file: File | undefined) => set(name, file ? await base64Of(file) : "");
    control = <input {...common} type="file" accept={field.accept} onChange={(event) => void choose(event.target.files?.[0])} />;
  } else {
    const isNumber = isNumeric(field);
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

async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
