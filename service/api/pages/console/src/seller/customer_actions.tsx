// What the seller changes about a customer.
import { useState } from "react";
import { useLocation } from "wouter";
import type { TaxCategory } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { pendingKey, useAct } from "../ui/act";
import { useCurrencies } from "../ui/currencies";
import { Confirm, FormDialog, ShownOnce } from "../ui/dialogs";
import { useNotice } from "../ui/notices";
import type { Account } from "./customer";

type Props = { account: Account };

const SuspendMutation = graphql(/* GraphQL */ `
  mutation Suspend($id: ID!) { suspendAccount(input: { accountId: $id }) { account { id suspended } userErrors { message path } } }
`);
const ReinstateMutation = graphql(/* GraphQL */ `
  mutation Reinstate($id: ID!) { reinstateAccount(input: { accountId: $id }) { account { id suspended } userErrors { message path } } }
`);
const LimitMutation = graphql(/* GraphQL */ `
  mutation SetLimits($input: SetAccountLimitsInput!) {
    setAccountLimits(input: $input) { account { id creditLimit { amount currency } } userErrors { message path } }
  }
`);
const UpdateMutation = graphql(/* GraphQL */ `
  mutation UpdateCustomer($input: UpdateAccountInput!) {
    updateAccount(input: $input) { account { id name commissionPercent beneficiary } userErrors { message path } }
  }
`);
const BillingMutation = graphql(/* GraphQL */ `
  mutation SetBilling($input: UpdateBillingDetailsInput!) {
    updateBillingDetails(input: $input) { account { id billingDetails { legalName } } userErrors { message path } }
  }
`);
const TaxMutation = graphql(/* GraphQL */ `
  mutation SetTax($input: SetTaxProfileInput!) {
    setTaxProfile(input: $input) { account { id taxProfiles { validFrom } } userErrors { message path } }
  }
`);
const BillMutation = graphql(/* GraphQL */ `
  mutation Bill($input: BillOrdersInput!) { billOrders(input: $input) { invoice { id number } userErrors { message path } } }
`);
const PayMutation = graphql(/* GraphQL */ `
  mutation RecordBalancePayment($input: RecordPaymentInput!) { recordPayment(input: $input) { payment { id } userErrors { message path } } }
`);
const KeyMutation = graphql(/* GraphQL */ `
  mutation CreateCustomerKey($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } userErrors { message path } } }
`);

export function Suspension({ account }: Props) {
  const { t } = useI18n();
  const [suspend] = useAct(SuspendMutation);
  const [reinstate] = useAct(ReinstateMutation);
  if (account.suspended) {
    return <button type="button" onClick={() => void reinstate({ id: account.id })}>{t("customers.reinstate")}</button>;
  }
  return (
    <Confirm
      action={t("customers.suspend")}
      question={t("customers.suspendQuestion", { name: account.name })}
      about={t("customers.suspendAbout")}
      onConfirm={async () => (await suspend({ id: account.id })).refusals}
    />
  );
}

export function LimitDialog({ account }: Props) {
  const { t } = useI18n();
  const [set] = useAct(LimitMutation);
  return (
    <FormDialog
      action={t("customers.limits")}
      title={t("customers.limits")}
      fields={[
        { name: "creditLimit", label: t("customers.creditLimit", { currency: account.currency }), type: "decimal", currency: account.currency, optional: true, hint: t("customers.creditLimitHint"), initial: account.creditLimit?.amount ?? "" },
      ]}
      submit={t("action.save")}
      onSubmit={async ({ creditLimit }) => {
        const { id: accountId, currency } = account;
        const limit = creditLimit ? { creditLimit: { amount: creditLimit, currency } } : { unlimitedCurrency: currency };
        return (await set({ input: { accountId, ...limit } })).refusals;
      }}
    />
  );
}

export function CommissionDialog({ account }: Props) {
  const { t } = useI18n();
  const [update] = useAct(UpdateMutation);
  return (
    <FormDialog
      action={t("clients.change")}
      title={account.name}
      fields={[
        { name: "name", label: t("clients.name"), initial: account.name },
        { name: "commissionPercent", label: t("customers.commission"), type: "decimal", initial: account.commissionPercent, hint: t("customers.commissionHint") },
        { name: "beneficiary", label: t("order.beneficiary"), optional: true, initial: account.beneficiary ?? "" },
      ]}
      submit={t("action.save")}
      onSubmit={async ({ name, commissionPercent, beneficiary }) =>
        (await update({ input: { accountId: account.id, name, commissionPercent, beneficiary: beneficiary || null } })).refusals
      }
    />
  );
}

export function BillingDialog({ account }: Props) {
  const { t } = useI18n();
  const [set] = useAct(BillingMutation);
  const of = account.billingDetails;
  return (
    <FormDialog
      action={t("customers.setBilling")}
      title={t("customers.billing")}
      fields={[
        { name: "legalName", label: t("customers.legalName"), optional: true, initial: of.legalName ?? "" },
        { name: "address", label: t("customers.address"), type: "textarea", optional: true, initial: of.address ?? "" },
        { name: "country", label: t("statement.country"), optional: true, hint: t("customers.countryHint"), initial: of.country ?? "" },
        { name: "taxNumber", label: t("customers.taxNumber"), optional: true, initial: of.taxNumber ?? "" },
        { name: "purchaseOrder", label: t("customers.purchaseOrder"), optional: true, initial: of.purchaseOrder ?? "" },
      ]}
      submit={t("action.save")}
      onSubmit={async ({ legalName, address, country, taxNumber, purchaseOrder }) => {
        const input = {
          accountId: account.id, legalName: legalName || null, address: address || null,
          country: country?.trim().toUpperCase() || null, taxNumber: taxNumber || null, purchaseOrder: purchaseOrder || null,
        };
        return (await set({ input })).refusals;
      }}
    />
  );
}

const TAXES: TaxCategory[] = ["STANDARD", "ZERO_RATED", "EXEMPT", "REVERSE_CHARGE", "EXPORT", "OUT_OF_SCOPE"];

export function TaxDialog({ account }: Props) {
  const { t } = useI18n();
  const [set] = useAct(TaxMutation);
  return (
    <FormDialog
      action={t("customers.setTax")}
      title={t("customers.setTax")}
      about={<p className="quiet">{t("customers.taxAbout")}</p>}
      fields={[
        { name: "validFrom", label: t("customers.taxValidFrom"), type: "date", initial: new Date().toISOString().slice(0, 10) },
        { name: "category", label: t("customers.taxCategory"), type: "select", options: TAXES.map((each) => [each, t(`tax.${each}`)]) },
        { name: "rate", label: t("customers.taxRate"), type: "decimal", initial: "0" },
        { name: "reason", label: t("invoice.taxReason"), optional: true, hint: t("customers.taxReasonHint") },
      ]}
      submit={t("action.save")}
      onSubmit={async ({ validFrom, category, rate, reason }) => {
        const input = { accountId: account.id, validFrom: validFrom!, category: category as TaxCategory, rate: rate!, reason: reason || null };
        return (await set({ input })).refusals;
      }}
    />
  );
}

export function BillDialog({ account }: Props) {
  const { t } = useI18n();
  const [bill] = useAct(BillMutation);
  const { priced } = useCurrencies([account.currency]);
  const [, navigate] = useLocation();
  return (
    <FormDialog
      primary
      action={t("customers.bill")}
      title={t("customers.bill")}
      about={<p className="quiet">{t("customers.billAbout")}</p>}
      fields={[
        { name: "currency", label: t("clients.currency"), type: "select", options: priced },
        { name: "reference", label: t("invoice.reference"), hint: t("customers.referenceHint") },
        { name: "paymentDays", label: t("customers.paymentDays"), type: "number", initial: "30" },
      ]}
      onSubmit={async ({ currency, reference, paymentDays }) => {
        const input = { accountId: account.id, currency: currency!, reference: reference!, paymentDays: Number(paymentDays) };
        const { data, refusals } = await bill({ input });
        if (data?.billOrders?.invoice) navigate(`/invoices/${data.billOrders.invoice.id}`);
        return refusals;
      }}
    />
  );
}

export function PaymentDialog({ account }: Props) {
  const { t, money } = useI18n();
  const [pay] = useAct(PayMutation);
  const notice = useNotice();
  return (
    <FormDialog
      action={t("pay.action")}
      title={t("customers.payBalance")}
      about={<p className="quiet">{t("customers.payBalanceAbout")}</p>}
      fields={[
        { name: "amount", label: t("pay.amount", { currency: account.currency }), type: "decimal", currency: account.currency },
        { name: "reference", label: t("pay.reference"), hint: t("pay.referenceHint") },
      ]}
      onSubmit={async ({ amount, reference }) => {
        const sum = { amount: amount!, currency: account.currency };
        const { data, refusals } = await pay({ input: { accountId: account.id, reference: reference!, amount: sum } });
        if (data) notice(t("pay.done", { amount: money(sum) }));
        return refusals;
      }}
    />
  );
}

export function KeyDialog({ account }: Props) {
  const { t } = useI18n();
  const [create] = useAct(KeyMutation);
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <>
      <FormDialog
        action={t("keys.create")}
        title={t("keys.create")}
        fields={[
          { name: "name", label: t("keys.name"), hint: t("keys.nameHint") },
          { name: "manage", label: t("scope.ACCOUNT_MANAGE"), type: "checkbox", hint: t("customers.manageHint") },
        ]}
        onSubmit={async ({ name, manage }) => {
          const { key, answered } = pendingKey(`key.${account.id}`);
          const scopes = ["ORDERS_READ" as const, "ORDERS_WRITE" as const, "CATALOGUE_READ" as const];
          const input = { idempotencyKey: key, name: name!, scopes: manage === "on" ? [...scopes, "ACCOUNT_MANAGE" as const] : scopes };
          const { data, refusals } = await create({ input }, { accountId: account.id, withKey: true, answered });
          setSecret(data?.createApiKey?.secret ?? null);
          return refusals;
        }}
      />
      {secret && <ShownOnce title={t("keys.created")} about={t("keys.createdAbout")} text={secret} onClose={() => setSecret(null)} />}
    </>
  );
}
