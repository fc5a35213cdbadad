// The seller as its documents name it: legal facts, bank, texts and logo.
import { useState } from "react";
import { useQuery } from "urql";
import { graphql, here } from "../api";
import { useI18n } from "../i18n";
import { useAct } from "../ui/act";
import { Confirm } from "../ui/dialogs";
import { Form, type Field } from "../ui/form";
import { useNotice } from "../ui/notices";
import { Empty, Loaded, Page, Section } from "../ui/page";

const SellerQuery = graphql(/* GraphQL */ `
  query SellerFacts {
    seller {
      identifier legalName address country taxNumber registrationNumber bankName bankAccount bankCode paymentDays
      paymentTerms footer retirementStatement logoUrl
    }
  }
`);
const UpdateMutation = graphql(/* GraphQL */ `
  mutation UpdateSeller($input: UpdateSellerInput!) {
    updateSeller(input: $input) { seller { identifier legalName logoUrl } userErrors { message path } }
  }
`);

const TEXTS = [
  "legalName", "address", "country", "taxNumber", "registrationNumber", "bankName", "bankAccount", "bankCode",
  "paymentTerms", "footer", "retirementStatement",
] as const;
const LONG: readonly string[] = ["address", "paymentTerms", "footer", "retirementStatement"];

export default function Identity() {
  const { t } = useI18n();
  const [result, refresh] = useQuery({ query: SellerQuery });
  const [update] = useAct(UpdateMutation);
  const [uploads, setUploads] = useState(0);
  const notice = useNotice();
  return (
    <Page title={t("nav.identity")} about={t("identity.about")}>
      <Loaded of={result} lines={10}>
        {({ seller }) => {
          if (!seller) return <Empty>{t("identity.none")}</Empty>;
          const { identifier } = seller;
          const fields: Field[] = TEXTS.map((name) => ({
            name, label: t(`identity.${name}`), optional: true, initial: seller[name] ?? "",
            type: LONG.includes(name) ? "textarea" : "text",
            ...(name === "country" && { hint: t("customers.countryHint") }),
            ...(name === "retirementStatement" && { hint: t("identity.retirementHint") }),
          }));
          fields.push({ name: "paymentDays", label: t("customers.paymentDays"), type: "number", initial: String(seller.paymentDays) });
          const saveLogo = async (logo: string | null) => {
            const { data, refusals } = await update({ input: { identifier, logo } });
            if (data) {
              notice(t("identity.saved"));
              setUploads((count) => count + 1);
              refresh({ requestPolicy: "network-only" });
            }
            return refusals;
          };
          return (
            <div className="columns">
              <Section title={t("identity.texts")}>
                <Form
                  fields={fields}
                  submit={t("action.save")}
                  onSubmit={async ({ paymentDays, country, ...texts }) => {
                    const given = Object.fromEntries(TEXTS.map((name) => [name, texts[name] || null]));
                    const input = { ...given, identifier, country: country?.trim().toUpperCase() || null, paymentDays: Number(paymentDays) };
                    const { data, refusals } = await update({ input });
                    if (data) notice(t("identity.saved"));
                    return refusals;
                  }}
                />
              </Section>
              <Section title={t("identity.logo")}>
                {seller.logoUrl ? (
                  <p><img className="logo" src={here(seller.logoUrl)} alt={t("identity.logo")} /></p>
                ) : (
                  <p className="quiet">{t("identity.noLogo")}</p>
                )}
                <Form
                  key={uploads}
                  fields={[{ name: "logo", label: t("identity.logoFile"), type: "file", accept: "image/png,image/jpeg,image/svg+xml", hint: t("identity.logoHint") }]}
                  submit={t("identity.upload")}
                  onSubmit={({ logo }) => saveLogo(logo!)}
                />
                {seller.logoUrl && (
                  <div className="actions">
                    <Confirm
                      danger
                      action={t("identity.removeLogo")}
                      question={t("identity.removeQuestion")}
                      about={t("identity.removeAbout")}
                      onConfirm={() => saveLogo(null)}
                    />
                  </div>
                )}
              </Section>
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}
