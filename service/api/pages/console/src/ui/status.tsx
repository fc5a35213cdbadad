// Statuses as coloured words.
import type { OrderStatus, PaymentStatus } from "../../generated/graphql";
import { useI18n } from "../i18n";
import { Badge } from "./page";

const TONES = {
  PLACED: "wait", FULFILLED: "plain", RETIRING: "plain", COMPLETE: "good", CANCELLED: "bad", FAILED: "bad",
  ISSUED: "wait", BILLED: "wait", PAID: "good", REFUNDED: "plain", PENDING: "wait",
} as const;

export const ORDER_STATUSES: OrderStatus[] = ["PLACED", "FULFILLED", "RETIRING", "COMPLETE", "CANCELLED", "FAILED"];
export const PAYMENT_STATUSES: PaymentStatus[] = ["ISSUED", "BILLED", "PAID", "REFUNDED"];

export function Status({ of }: { of: OrderStatus }) {
  return <Badge tone={TONES[of]}>{useI18n().t(`status.${of}`)}</Badge>;
}

/** The payment of an order; nothing for one that is off before it was paid, because nothing is owed for it. */
export function PaymentState({ of: { status, paymentStatus } }: { of: { status: OrderStatus; paymentStatus: PaymentStatus } }) {
  const { t } = useI18n();
  const isOff = status === "CANCELLED" || status === "FAILED";
  if (isOff && (paymentStatus === "ISSUED" || paymentStatus === "BILLED")) return null;
  return <Badge tone={TONES[paymentStatus]}>{t(`payment.${paymentStatus}`)}</Badge>;
}

export function InvoiceState({ of }: { of: "PENDING" | "PAID" }) {
  return <Badge tone={TONES[of]}>{useI18n().t(`invoice.${of}`)}</Badge>;
}
