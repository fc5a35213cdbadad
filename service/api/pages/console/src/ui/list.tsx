// The list of every page: filters and pages are in the address, so that a list can be linked, reloaded and gone back to.
import { type ReactNode, useEffect, useId, useState } from "react";
import type { DocumentInput } from "urql";
import { Link, useSearchParams } from "wouter";
import { useI18n } from "../i18n";
import { useLiveQuery } from "./live";
import { Loaded } from "./page";

export type View = Record<string, string>;
export type Column<Row> = { name: string; cell: (row: Row) => ReactNode; numeric?: boolean };
export type Filter = { name: string; label: string; options?: [string, string][]; type?: "search" | "date" };
type Paging = { first?: number | null; last?: number | null; after?: string | null; before?: string | null };
type Connection<Row> = {
  nodes: readonly Row[];
  totalCount?: number | null;
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor?: string | null; endCursor?: string | null };
};

type Props<Data, Row, Variables extends Paging> = {
  document: DocumentInput<Data, Variables>;
  connection: (data: Data) => Connection<Row> | null | undefined;
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  /** The address of a row, which its first column links to. */
  href?: (row: Row) => string;
  filters?: Filter[];
  /** The variables of the document beside those of the page. */
  variables?: (view: View) => Omit<Variables, keyof Paging>;
  empty: ReactNode;
  pageSize?: number;
  caption: string;
};

export function List<Data, Row, Variables extends Paging>(props: Props<Data, Row, Variables>) {
  const { document, connection, filters = [], variables, pageSize = 20, empty } = props;
  const { t, number } = useI18n();
  const [search, setSearch] = useSearchParams();
  const view: View = Object.fromEntries(search);
  const { after, before } = view;
  const paging: Paging = before ? { last: pageSize, before } : { first: pageSize, after };
  const [result] = useLiveQuery<Data, Variables>({
    query: document,
    variables: { ...paging, ...variables?.(view) } as Variables,
  });
  const isFiltered = filters.some(({ name }) => view[name]);

  const show = (changed: View) =>
    setSearch((old) => {
      const next = new URLSearchParams(old);
      for (const name of ["after", "before"]) next.delete(name);
      for (const [name, value] of Object.entries(changed)) {
        if (value) next.set(name, value);
        else next.delete(name);
      }
      return next;
    });

  return (
    <>
      {filters.length > 0 && <Filters filters={filters} view={view} show={show} />}
      <Loaded of={result} lines={8}>
        {(data) => {
          const found = connection(data);
          if (!found || found.nodes.length === 0) {
            return <div className="empty">{isFiltered ? <NothingFound clear={() => setSearch({})} /> : empty}</div>;
          }
          const { pageInfo } = found;
          return (
            <>
              <Table {...props} rows={found.nodes} />
              <nav className="pages" aria-label={t("list.pages")}>
                <button
                  type="button"
                  disabled={!pageInfo.hasPreviousPage && !after}
                  onClick={() => show(pageInfo.startCursor ? { before: pageInfo.startCursor } : {})}
                >
                  {t("list.previous")}
                </button>
                <span className="quiet">
                  {typeof found.totalCount === "number" && t("list.total", { n: number(found.totalCount) })}
                </span>
                <button
                  type="button"
                  disabled={!pageInfo.hasNextPage && !before}
                  onClick={() => show({ after: pageInfo.endCursor ?? "" })}
                >
                  {t("list.next")}
                </button>
              </nav>
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function NothingFound({ clear }: { clear: () => void }) {
  const { t } = useI18n();
  return (
    <>
      <p>{t("list.nothingFound")}</p>
      <button type="button" onClick={clear}>{t("list.clear")}</button>
    </>
  );
}

type TableProps<Row> = {
  rows: readonly Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  href?: (row: Row) => string;
  caption: string;
  /** True for a table within another one: on a narrow screen it is scrolled sideways. */
  within?: boolean;
};

/** A table that is shown as cards on a narrow screen. The roles keep it a table for screen readers there. */
export function Table<Row>({ within, ...props }: TableProps<Row>) {
  if (!within) return <Rows {...props} className="list" />;
  return (
    <div className="scroll" role="region" aria-label={props.caption} tabIndex={0}>
      <Rows {...props} />
    </div>
  );
}

function Rows<Row>({ rows, columns, rowKey, href, caption, className }: TableProps<Row> & { className?: string }) {
  return (
    <table role="table" className={className}>
      <caption className="hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ name, numeric }) => (
            <th key={name} role="columnheader" scope="col" className={numeric ? "numeric" : undefined}>{name}</th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={rowKey(row)} role="row">
            {columns.map(({ name, cell, numeric }, index) => (
              <td key={name} role="cell" data-label={name} className={numeric ? "numeric" : undefined}>
                {index === 0 && href ? <Link href={href(row)}>{cell(row)}</Link> : cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Filters({ filters, view, show }: { filters: Filter[]; view: View; show: (changed: View) => void }) {
  const { t } = useI18n();
  return (
    <search className="filters">
      {filters.map((filter) =>
        filter.options ? (
          <label key={filter.name}>
            <span>{filter.label}</span>
            <select value={view[filter.name] ?? ""} onChange={(event) => show({ [filter.name]: event.target.value })}>
              <option value="">{t("list.all")}</option>
              {filter.options.map(([value, label]) => (
                <option key={value} value={value}>{label}</option>
              ))}
            </select>
          </label>
        ) : (
          <SearchField key={filter.name} filter={filter} value={view[filter.name] ?? ""} show={show} />
        ),
      )}
    </search>
  );
}

const TYPING_MS = 350;

type SearchFieldProps = { filter: Filter; value: string; show: (changed: View) => void };

function SearchField({ filter, value, show }: SearchFieldProps) {
  const id = useId();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => show({ [filter.name]: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  });
  return (
    <label htmlFor={id}>
      <span>{filter.label}</span>
      <input id={id} type={filter.type ?? "search"} value={typed} onChange={(event) => setTyped(event.target.value)} />
    </label>
  );
}
