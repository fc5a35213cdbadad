// Dialogs: one that asks before something that others notice, and one that holds a form.
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { Dialog } from "@base-ui/react/dialog";
import { type ReactNode, useRef, useState } from "react";
import type { Refusal } from "../api";
import { useI18n } from "../i18n";
import { Form, type Field, type Values } from "./form";
import { useNotice } from "./notices";
import { Problems } from "./page";

type ConfirmProps = {
  action: string;
  question: string;
  about: ReactNode;
  /** True for what takes something away for good; its buttons are red. */
  danger?: boolean;
  onConfirm: () => Promise<Refusal[] | void>;
};

export function Confirm({ action, question, about, danger, onConfirm }: ConfirmProps) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  const [sending, setSending] = useState(false);
  const [messages, setMessages] = useState<string[]>([]);
  const confirm = async () => {
    setSending(true);
    const refusals = (await onConfirm()) ?? [];
    setSending(false);
    setMessages(refusals.map(({ message }) => message));
    if (refusals.length === 0) setOpen(false);
  };
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <AlertDialog.Trigger className={danger ? "danger" : undefined}>{action}</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog">
          <AlertDialog.Title>{question}</AlertDialog.Title>
          <AlertDialog.Description>{about}</AlertDialog.Description>
          <Problems messages={messages} />
          <div className="actions">
            <AlertDialog.Close>{t("action.keep")}</AlertDialog.Close>
            <button type="button" className={danger ? "danger" : "primary"} aria-disabled={sending} onClick={() => !sending && void confirm()}>
              {action}
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

type FormDialogProps = {
  action: string;
  title: string;
  about?: ReactNode;
  fields: Field[];
  submit?: string;
  primary?: boolean;
  onSubmit: (values: Values) => Promise<Refusal[] | void>;
};

export function FormDialog({ action, title, about, fields, submit, primary, onSubmit }: FormDialogProps) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  const send = async (values: Values) => {
    const refusals = (await onSubmit(values)) ?? [];
    if (refusals.length === 0) setOpen(false);
    return refusals;
  };
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger className={primary ? "primary" : undefined}>{action}</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <div className="section-head">
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close className="quiet" aria-label={t("action.close")}>×</Dialog.Close>
          </div>
          {about && <Dialog.Description render={<div />}>{about}</Dialog.Description>}
          <Form fields={fields} submit={submit ?? action} onSubmit={send} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

type ShownOnceProps = { title: string; about: string; text: string; onClose: () => void };

/** Show a secret that the API tells once. Only the reader's word that it is kept closes the dialog. */
export function ShownOnce({ title, about, text, onClose }: ShownOnceProps) {
  const { t } = useI18n();
  const notice = useNotice();
  const shown = useRef<HTMLPreElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      notice(t("secret.copied"));
    } catch {
      // The browser permits no copying here, as on pages without TLS: the reader copies what is selected.
      getSelection()?.selectAllChildren(shown.current!);
      notice(t("secret.selected"));
    }
  };
  return (
    <AlertDialog.Root open>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog">
          <AlertDialog.Title>{title}</AlertDialog.Title>
          <AlertDialog.Description>{about}</AlertDialog.Description>
          <pre ref={shown} className="secret" dir="ltr" tabIndex={0}>{text}</pre>
          <div className="actions">
            <button type="button" onClick={() => void copy()}>{t("action.copy")}</button>
            <button type="button" className="primary" onClick={onClose}>{t("secret.kept")}</button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
