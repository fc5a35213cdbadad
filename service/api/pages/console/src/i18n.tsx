// Languages: messages, and numbers and dates as the reader's locale writes them.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type english from "../messages/en.json";

export type MessageKey = keyof typeof english;
export type Language = "en" | "pt" | "ar";
/** A text, or its forms for counts, by the plural categories of the language; `other` is always among them. */
type Message = string | (Partial<Record<Intl.LDMLPluralRule, string>> & { other: string });
type Messages = Record<MessageKey, Message>;
type Amount = { amount: string; currency: string };
type Decimal = `${number}`;

export const LANGUAGES: Record<Language, string> = { en: "English", pt: "Português", ar: "العربية" };
const STORED = "console.language";
const LOADERS: Record<Language, () => Promise<{ default: Messages }>> = {
  en: () => import("../messages/en.json"),
  pt: () => import("../messages/pt.json"),
  ar: () => import("../messages/ar.json"),
};

/** Regions of the languages whose plain form is that of one country: dates like 30 Nov 2026 are plain to all. */
const PLAIN_LOCALES: Record<Language, string> = { en: "en-GB", pt: "pt-BR", ar: "ar" };

/**
 * The language as the reader's region writes it. The region is that of the browser's first language, whatever it is;
 * further languages of the browser tell only how their own readers write. A region that browsers do not know together
 * with the language counts as none.
 */
function localeOf(language: Language): string {
  const region = regionOf(navigator.languages[0]);
  const found = new Intl.DateTimeFormat(region ? `${language}-${region}` : language).resolvedOptions().locale;
  if (regionOf(found)) return found;
  const same = language === "en" ? undefined : navigator.languages.find((each) => each.startsWith(`${language}-`));
  return same ?? PLAIN_LOCALES[language];
}

/**
 * The locale of numbers. English is read by those too whose language the console does not speak: their numbers are as
 * the browser's first language writes them, with the digits of English.
 */
function numbersOf(language: Language, locale: string): string {
  const [first = locale] = navigator.languages;
  const isOther = language === "en" && first.split("-")[0] !== "en" && regionOf(first);
  return isOther && Intl.NumberFormat.supportedLocalesOf(first).length ? new Intl.Locale(first, { numberingSystem: "latn" }).toString() : locale;
}

/** The region that a tag names; none if the browser cannot read it. */
function regionOf(tag = ""): string | undefined {
  try {
    return new Intl.Locale(tag).region;
  } catch {
    return undefined;
  }
}

const RTL_LETTERS = /[\u0590-\u08ff]/;
/** Keep a value apart from the text around it, where the two run in different directions. */
const isolated = (value: string, language: Language) =>
  language === "ar" || RTL_LETTERS.test(value) ? `\u2068${value}\u2069` : value;

/** Texts and formats of one language. Decimals of the API stay texts, so that no digit is lost. */
export function createI18n(language: Language, messages: Messages) {
  const locale = localeOf(language);
  const numbers = numbersOf(language, locale);
  const plurals = new Intl.PluralRules(locale);
  /** Return the text with the values in it. A text about a number of things needs the number as `count`. */
  const t = (key: MessageKey, values: Record<string, string | number> = {}, count = 0) => {
    const message = messages[key] ?? key;
    const text = typeof message === "string" ? message : (message[plurals.select(count)] ?? message.other);
    return text.replace(/\{(\w+)\}/g, (_, name: string) => isolated(String(values[name] ?? ""), language));
  };
  // Invoices and certificates have the days of this calendar, in every region.
  const calendar = "gregory";
  const date = new Intl.DateTimeFormat(locale, { calendar, dateStyle: "medium" });
  const day = new Intl.DateTimeFormat(locale, { calendar, dateStyle: "medium", timeZone: "UTC" });
  const dateTime = new Intl.DateTimeFormat(locale, { calendar, dateStyle: "medium", timeStyle: "short" });
  const month = new Intl.DateTimeFormat(locale, { calendar, month: "short", year: "2-digit", timeZone: "UTC" });
  const number = (value: string | number, digits = 6) =>
    new Intl.NumberFormat(numbers, { maximumFractionDigits: digits }).format(value as Decimal);
  const hasDecimalComma = new Intl.NumberFormat(numbers).format(0.5).includes(",");
  return {
    language,
    locale,
    direction: language === "ar" ? ("rtl" as const) : ("ltr" as const),
    t,
    number,
    percent: (value: string | number) =>
      new Intl.NumberFormat(numbers, { style: "percent", maximumFractionDigits: 2 }).format(Number(value) / 100),
    tonnes: (mass: { tonnes: string } | null | undefined) =>
      mass ? t("unit.tonnes", { n: number(mass.tonnes) }, Number(mass.tonnes)) : "–",
    money: (value: Amount | null | undefined) => {
      if (!value) return "–";
      const digits = value.amount.split(".")[1]?.length ?? 0;
      const style = { style: "currency", currency: value.currency, minimumFractionDigits: digits } as const;
      return new Intl.NumberFormat(numbers, { ...style, maximumFractionDigits: digits }).format(value.amount as Decimal);
    },
    /** A day of the calendar as it is, or the day of a time where the reader is. */
    date: (value: string | null | undefined) =>
      value ? (value.includes("T") ? date : day).format(new Date(value)) : "–",
    dateTime: (value: string | null | undefined) => (value ? dateTime.format(new Date(value)) : "–"),
    month: (value: string) => month.format(new Date(`${value}-01T00:00:00Z`)),
    country: (code: string) => new Intl.DisplayNames(locale, { type: "region" }).of(code) ?? code,
    currencyName: (code: string) => `${code} – ${new Intl.DisplayNames(locale, { type: "currency" }).of(code) ?? code}`,
    /** The decimal that the reader typed, as the API writes it; a text that is no number stays as it is. An amount may
     * have the sign or code of its currency. */
    decimal: (typed: string, currency?: string) => decimalOf(currency ? withoutSign(typed, currency, numbers) : typed, hasDecimalComma),
    /** A decimal of the API as the reader types it. */
    typed: (decimal: string) => (hasDecimalComma ? decimal.replace(".", ",") : decimal),
  };
}

/** A decimal as the API takes it. */
export const isDecimal = (text: string) => /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text);

function withoutSign(typed: string, currency: string, locale: string): string {
  const signs = (["code", "symbol", "narrowSymbol"] as const).map((currencyDisplay) =>
    new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay }).formatToParts(0).find(({ type }) => type === "currency")?.value ?? "",
  );
  const sign = [currency, ...signs].find((each) => each && typed.toUpperCase().includes(each.toUpperCase()));
  if (!sign) return typed;
  const start = typed.toUpperCase().indexOf(sign.toUpperCase());
  return typed.slice(0, start) + typed.slice(start + sign.length);
}

const DIGITS = /[\u0660-\u0669\u06f0-\u06f9]/g;

function decimalOf(typed: string, hasDecimalComma: boolean): string {
  const plain = typed
    .replace(DIGITS, (digit) => String(digit.charCodeAt(0) & 15))
    .replace(/[\s\u066c]/g, "")
    .replace("\u066b", ".");
  const [group, point] = hasDecimalComma ? [".", ","] : [",", "."];
  const [whole = "", ...rest] = plain.split(point);
  const isGrouped = whole.includes(group) && whole.split(group).every((each, index) => /^\d{1,3}$/.test(each) && (index === 0 || each.length === 3));
  if (isGrouped && rest.length < 2) return [whole.replaceAll(group, ""), ...rest].join(".");
  return plain.replace(",", ".");
}

export type I18n = ReturnType<typeof createI18n>;
const I18nContext = createContext<I18n & { choose: (language: Language) => void }>(null!);
export const useI18n = () => useContext(I18nContext);

function preferred(): Language {
  const stored = localStorage.getItem(STORED);
  const wanted = [stored, ...navigator.languages].map((each) => each?.split("-")[0]);
  return wanted.find((each): each is Language => each !== undefined && each in LANGUAGES) ?? "en";
}

export function I18nProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(preferred);
  const [loaded, setLoaded] = useState<I18n>();
  useEffect(() => {
    let current = true;
    void LOADERS[language]().then(({ default: messages }) => {
      if (current) setLoaded(createI18n(language, messages));
    });
    return () => void (current = false);
  }, [language]);
  useEffect(() => {
    if (!loaded) return;
    document.documentElement.lang = loaded.language;
    document.documentElement.dir = loaded.direction;
  }, [loaded]);
  const value = useMemo(() => {
    const choose = (chosen: Language) => {
      localStorage.setItem(STORED, chosen);
      setLanguage(chosen);
    };
    return loaded && { ...loaded, choose };
  }, [loaded]);
  return value ? <I18nContext value={value}>{children}</I18nContext> : null;
}
