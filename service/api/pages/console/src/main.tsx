// Start of the application: language, session, layout and the page that the address names.
import { CSPProvider } from "@base-ui/react/csp-provider";
import { DirectionProvider } from "@base-ui/react/direction-provider";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { config } from "./api";
import "./console.css";
import { I18nProvider, useI18n } from "./i18n";
import { Layout } from "./layout";
import { Pages } from "./routes";
import { SessionProvider } from "./session";
import { SignIn } from "./sign_in";
import { Notices } from "./ui/notices";

function Direction({ children }: { children: ReactNode }) {
  return <DirectionProvider direction={useI18n().direction}>{children}</DirectionProvider>;
}

createRoot(document.getElementById("console")!).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <I18nProvider>
        <Direction>
          <Router base={config.base}>
            <Notices>
              <SessionProvider signIn={(accept) => <SignIn accept={accept} />}>
                <Layout>
                  <Pages />
                </Layout>
              </SessionProvider>
            </Notices>
          </Router>
        </Direction>
      </I18nProvider>
    </CSPProvider>
  </StrictMode>,
);
