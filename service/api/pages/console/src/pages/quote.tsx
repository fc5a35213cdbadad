// One quote: what it offers and for how long, and the order that is placed from it.
import { useEffect, useState } from "react";
import { useQuery } from "urql";
import { Link, useLocation, useParams } from "wouter";
import type { BalanceUse } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { pendingKey, useAct } from "../ui/act";
import { Form } from "../ui/form";
import { Table } from "../ui/list";
import { useNotice } from "../ui/notices";
import { Empty, Facts, Loaded, Page, Section } from "../ui/page";

const QuoteQuery = graphql(/* GraphQL */ `
  query Quote($id: ID!) {
    quote(id: $id) {
      id mass { tonnes } netCost { amount currency } commission { amount currency } totalCost { amount currency }
      holdsCredits expiresAt order { id number }
      lines { bundle { id name available { grams } } mass { grams tonnes } unitPrice { amount currency } netCost { amount currency } }
    }
    account { id name beneficiary balances { amount currency } }
  }
`);

const OrderMutation = graphql(/* GraphQL */ `
  mutation OrderFromQuote($input: CreateOrderFromQuoteInput!) {
    createOrderFromQuote(input: $input) { order { id number } replayed userErrors { message path } }
  }
`);

const BALANCE_USES: BalanceUse[] = ["NONE", "AVAILABLE", "WHOLE"];

export default function QuotePage() {
  const { id } = useParams<{ id: string }>();
  const { t, tonnes, money } = useI18n();
  const [result] = useQuery({ query: QuoteQuery, variables: { id } });
  const [place] = useAct(OrderMutation);
  const [, navigate] = useLocation();
  const notice = useNotice();
  return (
    <Loaded of={result} lines={10}>
      {({ quote, account }) => {
        if (!quote) return <Page title={t("quote.title")}><Empty href="/buy" action={t("nav.buy")}>{t("quote.unknown")}</Empty></Page>;
        if (quote.order) {
          return (
            <Page title={t("quote.title")}>
              <div className="panel">
                <p>{t("quote.used", { number: quote.order.number })}</p>
                <div className="actions">
                  <Link className="button primary" href={`/orders/${quote.order.id}`}>{t("quote.open")}</Link>
                  <Link className="button" href="/buy">{t("quote.again")}</Link>
                </div>
              </div>
            </Page>
          );
        }
        const isShort = !quote.holdsCredits && quote.lines.some(({ bundle, mass }) => BigInt(mass.grams) > BigInt(bundle.available.grams));
        const hasBalance = account?.balances.some(({ amount }) => Number(amount) > 0);
        return (
          <Page title={t("quote.title")} about={<TimeLeft until={quote.expiresAt} />}>
            <div className="columns">
              <Section title={t("buy.price")}>
                <p className="figure"><span className="value">{money(quote.totalCost)}</span> {t("buy.for", { mass: tonnes(quote.mass) })}</p>
                <Facts
                  of={[
                    [t("order.net"), money(quote.netCost)],
                    [t("order.commission"), Number(quote.commission.amount) > 0 ? money(quote.commission) : null],
                    [t("quote.holds"), t(quote.holdsCredits ? "quote.held" : "quote.notHeld")],
                  ]}
                />
                {isShort && <p className="problem">{t("quote.short")}</p>}
                <Table
                  caption={t("buy.price")}
                  rows={quote.lines}
                  rowKey={({ bundle }) => bundle.id}
                  columns={[
                    { name: t("order.bundle"), cell: ({ bundle }) => bundle.name },
                    { name: t("order.mass"), cell: ({ mass }) => tonnes(mass), numeric: true },
                    { name: t("order.unitPrice"), cell: ({ unitPrice }) => money(unitPrice), numeric: true },
                    { name: t("order.net"), cell: ({ netCost }) => money(netCost), numeric: true },
                  ]}
                />
              </Section>
              <Section title={t("quote.order")}>
                <Form
                  fields={[
                    {
                      name: "beneficiary", label: t("order.beneficiary"), path: "recipient", optional: true,
                      hint: t("quote.beneficiaryHint", { name: account?.beneficiary ?? account?.name ?? "" }),
                    },
                    { name: "customer", label: t("order.customer"), optional: true, hint: t("quote.customerHint") },
                    { name: "description", label: t("order.note"), type: "textarea", optional: true },
                    ...(hasBalance
                      ? [{
                          name: "payWithBalance", label: t("quote.pay"), type: "select" as const,
                          options: BALANCE_USES.map((each): [string, string] => [each, t(`balanceUse.${each}`)]),
                        }]
                      : []),
                  ]}
                  submit={t("quote.place", { total: money(quote.totalCost) })}
                  onSubmit={async ({ beneficiary, customer, description, payWithBalance }) => {
                    const { key, answered } = pendingKey(`order.${quote.id}`);
                    const { data, refusals } = await place(
                      {
                        input: {
                          quoteId: quote.id,
                          idempotencyKey: key,
                          ...(beneficiary && { beneficiary: { recipient: { name: beneficiary }, retirement: { name: beneficiary } } }),
                          ...(customer && { customer }),
                          ...(description && { description }),
                          payWithBalance: (payWithBalance || "NONE") as BalanceUse,
                        },
                      },
                      { answered },
                    );
                    const order = data?.createOrderFromQuote?.order;
                    if (!order) return refusals;
                    notice(t("quote.placed", { number: order.number }));
                    navigate(`/orders/${order.id}`, { replace: true });
                  }}
                />
              </Section>
            </div>
          </Page>
        );
      }}
    </Loaded>
  );
}

function TimeLeft({ until }: { until: string }) {
  const { t, number } = useI18n();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.floor((Date.parse(until) - now) / 1000));
  if (seconds === 0) return <>{t("quote.expired")} <Link href="/buy">{t("quote.again")}</Link></>;
  return <>{t("quote.timeLeft", { minutes: number(Math.floor(seconds / 60)), seconds: number(seconds % 60) })}</>;
}
