// Parts of every page: title, sections, facts, and the states loading, failed and empty.
import { type ReactNode, useEffect } from "react";
import type { CombinedError } from "urql";
import { Link } from "wouter";
import { refusalsOf } from "../api";
import { useI18n } from "../i18n";

type PageProps = { title: string; about?: ReactNode; actions?: ReactNode; children: ReactNode };

export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · carbon-orders`;
  }, [title]);
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{title}</h1>
          {about && <p className="quiet">{about}</p>}
        </div>
        {actions && <div className="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

export function Section({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="panel">
      <div className="section-head">
        <h2>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** Pairs of a name and a value. Pairs without a value are left out. */
export function Facts({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {of.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Figure({ name, value, about }: { name: string; value: ReactNode; about?: ReactNode }) {
  return (
    <div className="panel figure">
      <p className="quiet">{name}</p>
      <p className="value">{value}</p>
      {about && <p className="quiet">{about}</p>}
    </div>
  );
}

export function Skeleton({ lines = 4 }: { lines?: number }) {
  const { t } = useI18n();
  return (
    <div className="skeleton" role="status" aria-label={t("state.loading")}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}

export function Empty({ children, href, action }: { children: ReactNode; href?: string; action?: string }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {href && <Link href={href} className="button">{action}</Link>}
    </div>
  );
}

export function Problems({ messages }: { messages: string[] }) {
  if (messages.length === 0) return null;
  return (
    <div className="problem" role="alert">
      {messages.map((message) => (
        <p key={message}>{message}</p>
      ))}
    </div>
  );
}

type LoadedProps<Data> = {
  of: { data?: Data; error?: CombinedError };
  lines?: number;
  children: (data: Data) => ReactNode;
};

/** The children once data is there, a skeleton before, and the messages of the API if it failed. */
export function Loaded<Data>({ of: { data, error }, lines, children }: LoadedProps<Data>) {
  const { t } = useI18n();
  if (data) return <>{children(data)}</>;
  if (error) return <Problems messages={[t("state.failed"), ...refusalsOf(error, t("form.unreadable")).map(({ message }) => message)]} />;
  return <Skeleton lines={lines} />;
}

export function Badge({ tone, children }: { tone: "good" | "wait" | "bad" | "plain"; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}
