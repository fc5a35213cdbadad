// Addresses of PDF files that are open to everyone who has them, and how to revoke them.
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { useMay } from "../session";
import { useAct } from "./act";
import { Confirm } from "./dialogs";
import { useNotice } from "./notices";

const RevokeMutation = graphql(/* GraphQL */ `
  mutation RevokeLinks($id: ID) { revokeDocumentLinks(input: { id: $id }) { userErrors { message path } } }
`);

type Props = { id?: string; accountId?: string };

/** The button that revokes the links of one object, or without an id those of everything in the account. */
export function RevokeLinks({ id, accountId }: Props) {
  const { t } = useI18n();
  const mayManage = useMay("ACCOUNT_MANAGE", "OPERATOR");
  const [revoke] = useAct(RevokeMutation);
  const notice = useNotice();
  if (!mayManage) return null;
  return (
    <Confirm
      action={t("links.revoke")}
      question={t(id ? "links.question" : "links.questionAll")}
      about={t("links.about")}
      onConfirm={async () => {
        const { refusals } = await revoke({ id: id ?? null }, { accountId, changes: ["Order", "Invoice"] });
        if (refusals.length === 0) notice(t("links.revoked"));
        return refusals;
      }}
    />
  );
}
