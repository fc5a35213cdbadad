// The check of a certificate that somebody sent: what the service published under its link, and whether a file is it.
import { type DragEvent, useState } from "react";
import { type Client, useClient } from "urql";
import { graphql } from "../api";
import { type MessageKey, useI18n } from "../i18n";
import { useMay } from "../session";
import { FieldRow } from "../ui/form";
import { certificateIn, hashOf, published } from "../ui/hashes";
import { tonnesOf } from "../ui/mass";
import { Badge, Facts, Page, Problems, Section, Skeleton } from "../ui/page";

const NumbersQuery = graphql(/* GraphQL */ `
  query CertificateNumbers($after: String) {
    account { certificates(first: 100, after: $after) { nodes { id number url } pageInfo { hasNextPage endCursor } } }
  }
`);

const FILES = { facts: ".json", pdf: ".pdf", retirementFacts: "/retirement.json", retirementPdf: "/retirement.pdf" } as const;
const NUMBER = /^CR-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/i;

type Found = {
  address: string;
  facts: { number: string; recipient: string; beneficiary: string; mass_g: number; retired_at: string; issued_at: string };
  hashes: Partial<Record<keyof typeof FILES, string>>;
};

/** Read what is published under the address of a certificate; nothing if there is none. */
async function read(address: string): Promise<Found | undefined> {
  const page = await published(address);
  if (!page) return undefined;
  const isRetired = new TextDecoder().decode(page).includes("/retirement.pdf");
  const kinds = (Object.keys(FILES) as (keyof typeof FILES)[]).filter((kind) => isRetired || !kind.startsWith("retirement"));
  const files = await Promise.all(kinds.map((kind) => published(address + FILES[kind])));
  const [contents] = files;
  if (!contents) return undefined;
  const hashes: Found["hashes"] = {};
  for (const [index, bytes] of files.entries()) if (bytes) hashes[kinds[index]!] = await hashOf(bytes);
  return { address, facts: JSON.parse(new TextDecoder().decode(contents)), hashes };
}

/** The address of the certificate of the account that has the number. */
async function addressOf(client: Client, number: string): Promise<string | undefined> {
  let after: string | null | undefined;
  do {
    const { data, error } = await client.query(NumbersQuery, { after }).toPromise();
    if (error) throw error;
    const found = data?.account?.certificates;
    const named = found?.nodes.find((each) => each.number === number.toUpperCase());
    if (named) return certificateIn(named.url);
    after = found?.pageInfo.hasNextPage ? found.pageInfo.endCursor : null;
  } while (after);
  return undefined;
}

export default function Verify() {
  const { t } = useI18n();
  const client = useClient();
  const mayRead = useMay("ORDERS_READ");
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState<Found>();
  const [problem, setProblem] = useState<MessageKey>();
  const [reading, setReading] = useState(false);
  const [compared, setCompared] = useState<{ name: string; as?: keyof typeof FILES; hash: string }>();
  const look = async () => {
    const text = typed.trim();
    setFound(undefined);
    setCompared(undefined);
    setProblem(isSecureContext ? undefined : "verify.insecure");
    if (!isSecureContext) return; // browsers compute no hashes there
    setReading(true);
    try {
      const isNumber = NUMBER.test(text);
      const address = isNumber ? (mayRead ? await addressOf(client, text) : undefined) : certificateIn(text);
      const shown = address && (await read(address));
      if (shown) setFound(shown);
      else setProblem(isNumber ? "verify.otherNumber" : address ? "verify.unknown" : "verify.noLink");
    } catch {
      setProblem("state.failed");
    } finally {
      setReading(false);
    }
  };
  const compare = async (file: File | undefined) => {
    if (!file || !found) return;
    const hash = await hashOf(await file.arrayBuffer());
    const as = (Object.keys(FILES) as (keyof typeof FILES)[]).find((kind) => found.hashes[kind] === hash);
    setCompared({ name: file.name, as, hash });
  };
  return (
    <Page title={t("nav.verify")} about={t("verify.about")}>
      <form
        className="form panel"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <FieldRow field={{ name: "link", label: t("verify.link"), hint: t("verify.linkHint") }} value={typed} set={(_, value) => setTyped(value)} />
        <div className="actions"><button type="submit" className="primary" aria-busy={reading}>{t("verify.look")}</button></div>
      </form>
      {reading && <Skeleton />}
      {problem && <Problems messages={[t(problem)]} />}
      {found && (
        <div className="columns">
          <Published found={found} />
          <Section title={t("verify.file")}>
            <p className="quiet">{t("verify.fileAbout")}</p>
            <Drop choose={(file) => void compare(file)} />
            <div role="status">
              {compared && (
                <>
                  <p><Badge tone={compared.as ? "good" : "bad"}>{t(compared.as ? "verify.same" : "verify.differs")}</Badge></p>
                  <Facts
                    of={[
                      [t("verify.name"), <bdi key="name">{compared.name}</bdi>],
                      [t("verify.is"), compared.as && t(`verify.${compared.as}`)],
                      [t("verify.hash"), <span key="hash" className="serial" dir="ltr">{compared.hash}</span>],
                    ]}
                  />
                </>
              )}
            </div>
          </Section>
        </div>
      )}
    </Page>
  );
}

function Published({ found: { address, facts, hashes } }: { found: Found }) {
  const { t, tonnes, date } = useI18n();
  return (
    <Section title={t("order.certificate", { number: facts.number })}>
      <p><Badge tone="good">{t("verify.issued")}</Badge></p>
      <Facts
        of={[
          [t("order.mass"), tonnes(tonnesOf(BigInt(facts.mass_g)))],
          [t("verify.recipient"), facts.recipient],
          [t("order.retiredFor"), facts.beneficiary],
          [t("order.retiredOn"), date(facts.retired_at)],
          [t("invoice.issued"), date(facts.issued_at)],
          [t("verify.factsHash"), <span key="hash" className="serial" dir="ltr">{hashes.facts}</span>],
        ]}
      />
      <p className="quiet">{t("verify.compareByEye")}</p>
      <div className="actions">
        <a className="button" href={address}>{t("certificates.open")}</a>
        <a className="button" href={`${address}.pdf`}>PDF</a>
      </div>
    </Section>
  );
}

/** A place where a file can be dropped or chosen. */
function Drop({ choose }: { choose: (file: File | undefined) => void }) {
  const { t } = useI18n();
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    choose(event.dataTransfer.files[0]);
  };
  return (
    <label
      className={over ? "drop over-drop" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <span>{t("verify.drop")}</span>
      <input
        type="file"
        accept=".pdf,.json,application/pdf,application/json"
        onChange={({ target }) => {
          choose(target.files?.[0]);
          target.value = ""; // so that the same file can be chosen again after a change
        }}
      />
    </label>
  );
}
