// Certificates as a gallery, with links to share, and the check of their contents against their hash.
import { useState } from "react";
import { Link, useSearchParams } from "wouter";
import { graphql, here } from "../api";
import { useI18n } from "../i18n";
import { hashOf } from "../ui/hashes";
import { useLiveQuery } from "../ui/live";
import { useNotice } from "../ui/notices";
import { Badge, Empty, Loaded, Page } from "../ui/page";

const CertificatesQuery = graphql(/* GraphQL */ `
  query Certificates($first: Int!, $after: String) {
    account {
      certificates(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id number url pdfUrl sha256 issuedAt order { id number customer mass { tonnes } } retirementCertificate { number pdfUrl } }
      }
    }
  }
`);

type Certificate = {
  number: string;
  url: string;
  pdfUrl: string;
  sha256: string;
  retirementCertificate?: { number: string; pdfUrl: string } | null;
};

export default function Certificates() {
  const { t, tonnes, date } = useI18n();
  const [search, setSearch] = useSearchParams();
  const after = search.get("after");
  const [result] = useLiveQuery({ query: CertificatesQuery, variables: { first: 12, after } });
  return (
    <Page
      title={t("nav.certificates")}
      about={t("certificates.about")}
      actions={<Link href="/verify" className="button">{t("certificates.verifyOther")}</Link>}
    >
      <Loaded of={result}>
        {({ account }) => {
          const found = account?.certificates;
          if (!found?.nodes.length) return <Empty href="/orders" action={t("nav.orders")}>{t("certificates.empty")}</Empty>;
          return (
            <>
              <ul className="gallery">
                {found.nodes.map((certificate) => (
                  <li key={certificate.id}>
                    <b dir="ltr">{certificate.number}</b>
                    <span className="figure"><span className="value">{tonnes(certificate.order?.mass)}</span></span>
                    <span className="quiet">{t("certificates.issued", { date: date(certificate.issuedAt) })}</span>
                    {certificate.order && <Link href={`/orders/${certificate.order.id}`}>{t("order.title", { number: certificate.order.number })}</Link>}
                    <Actions certificate={certificate} />
                  </li>
                ))}
              </ul>
              {(after || found.pageInfo.hasNextPage) && (
                <nav className="pages" aria-label={t("list.pages")}>
                  <button type="button" disabled={!after} onClick={() => setSearch({})}>{t("certificates.newest")}</button>
                  <button type="button" disabled={!found.pageInfo.hasNextPage} onClick={() => setSearch({ after: found.pageInfo.endCursor ?? "" })}>{t("list.next")}</button>
                </nav>
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Actions({ certificate }: { certificate: Certificate }) {
  const { t } = useI18n();
  const notice = useNotice();
  const [state, setState] = useState<"same" | "differs" | "failed" | "insecure">();
  const check = async (bytes: Promise<ArrayBuffer>) => {
    try {
      setState((await hashOf(await bytes)) === certificate.sha256 ? "same" : "differs");
    } catch {
      setState(isSecureContext ? "failed" : "insecure"); // browsers compute hashes on pages with TLS alone
    }
  };
  const share = async () => {
    try {
      await navigator.clipboard.writeText(certificate.url);
      notice(t("certificates.copied"));
    } catch {
      notice(t("certificates.notCopied", { link: certificate.url }));
    }
  };
  const choose = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (!file) return;
    await check(file.arrayBuffer());
    input.value = ""; // so that the same file can be chosen again after a change
  };
  const fetched = async () => {
    const response = await fetch(`${here(certificate.url)}.json`);
    if (!response.ok) throw new Error(response.statusText);
    return response.arrayBuffer();
  };
  return (
    <>
      <div className="actions">
        <a className="button" href={here(certificate.url)}>{t("certificates.open")}</a>
        <a className="button" href={here(certificate.pdfUrl)} aria-label={t("certificates.pdfOf", { number: certificate.number })}>PDF</a>
        {certificate.retirementCertificate && (
          <a className="button" href={here(certificate.retirementCertificate.pdfUrl)}>{t("certificates.retirement")}</a>
        )}
        <button
          type="button"
          onClick={() => void share()}
        >
          {t("certificates.share")}
        </button>
      </div>
      <details>
        <summary>{t("certificates.verify")}</summary>
        <p className="quiet">{t("certificates.verifyAbout")}</p>
        <p className="serial" dir="ltr">{certificate.sha256}</p>
        <div className="actions">
          <button type="button" onClick={() => void check(fetched())}>{t("certificates.verifyNow")}</button>
          <a className="button" href={`${here(certificate.url)}.json`} download={`${certificate.number}.json`}>{t("certificates.facts")}</a>
        </div>
        <label className="field">
          <span>{t("certificates.verifyFile")}</span>
          <input type="file" accept=".json,application/json" onChange={(event) => void choose(event.target)} />
        </label>
        <p role="status">{state && <Badge tone={state === "same" ? "good" : "bad"}>{t(state === "insecure" ? "verify.insecure" : `certificates.${state}`)}</Badge>}</p>
      </details>
    </>
  );
}
