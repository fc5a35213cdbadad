// Languages: messages, and numbers and dates as the reader's locale writes them.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type english from "../messages/en.json";

export type MessageKey = keyof typeof english;
export type Language = "en" | "pt" | "ar";
type Messages = Record<MessageKey, string>;
type Amount = { amount: string; currency: string };
type Decimal = `${number}`;

export const LANGUAGES: Record<Language, string> = { en: "English", pt: "Português", ar: "العربية" };
const STORED = "console.language";
const LOADERS: Record<Language, () => Promise<{ default: Messages }>> = {
  en: () => import("../messages/en.json"),
  pt: () => import("../messages/pt.json"),
  ar: () => import("../messages/ar.json"),
};

/** Texts and formats of one language. Decimals of the API stay texts, so that no digit is lost. */
export function createI18n(language: Language, messages: Messages) {
  const locale = navigator.languages.find((each) => each.split("-")[0] === language) ?? language;
  const t = (key: MessageKey, values: Record<string, string | number> = {}) =>
    (messages[key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const month = new Intl.DateTimeFormat(locale, { month: "short", year: "2-digit", timeZone: "UTC" });
  const number = (value: string | number, digits = 6) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value as Decimal);
  return {
    language,
    locale,
    direction: language === "ar" ? ("rtl" as const) : ("ltr" as const),
    t,
    number,
    percent: (value: string | number) => `${number(value, 2)} %`,
    tonnes: (mass: { tonnes: string } | null | undefined) => (mass ? t("unit.tonnes", { n: number(mass.tonnes) }) : "–"),
    money: (value: Amount | null | undefined) => {
      if (!value) return "–";
      const digits = value.amount.split(".")[1]?.length ?? 0;
      const style = { style: "currency", currency: value.currency, minimumFractionDigits: digits } as const;
      return new Intl.NumberFormat(locale, { ...style, maximumFractionDigits: digits }).format(value.amount as Decimal);
    },
    date: (value: string | null | undefined) => (value ? date.format(new Date(value)) : "–"),
    dateTime: (value: string | null | undefined) => (value ? dateTime.format(new Date(value)) : "–"),
    month: (value: string) => month.format(new Date(`${value}-01T00:00:00Z`)),
    country: (code: string) => new Intl.DisplayNames(locale, { type: "region" }).of(code) ?? code,
  };
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
