// Sign-in by API key.
import { config } from "./api";
import { Choices } from "./choices";
import { useI18n } from "./i18n";
import { Form } from "./ui/form";

export function SignIn({ accept }: { accept: (key: string, remember: boolean) => Promise<void> }) {
  const { t } = useI18n();
  return (
    <div className="sign-in">
      <main className="panel">
        <h1>{t("signIn.title")}</h1>
        <p className="quiet">{t("signIn.about")}</p>
        {!isSecureContext && <p className="problem" role="note">{t("signIn.insecure")}</p>}
        <Form
          fields={[
            { name: "key", label: t("signIn.key"), type: "password", hint: t("signIn.keyHint") },
            { name: "remember", label: t("signIn.remember"), type: "checkbox", hint: t("signIn.rememberHint") },
          ]}
          submit={t("signIn.submit")}
          onSubmit={({ key, remember }) => accept(key!, remember === "on")}
        />
        <p>
          <a href={`${config.base.replace(/\/console$/, "")}/`}>{t("signIn.toApis")}</a>
        </p>
      </main>
      <footer><Choices /></footer>
    </div>
  );
}
