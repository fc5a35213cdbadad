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

export function PaymentState({ of }: { of: PaymentStatus }) {
  return <Badge tone={TONES[of]}>{useI18n().t(`payment.${of}`)}</Badge>;
}

export function InvoiceState({ of }: { of: "PENDING" | "PAID" }) {
  return <Badge tone={TONES[of]}>{useI18n().t(`invoice.${of}`)}</Badge>;
}
