// The choices of language and colours.
import { type Language, LANGUAGES, useI18n } from "./i18n";
import { type Theme, useTheme } from "./theme";

export function Choices() {
  const { t, language, choose } = useI18n();
  const [, theme, chooseTheme] = useTheme();
  return (
    <div className="choices">
      <label>
        <span>{t("choice.language")}</span>
        <select value={language} onChange={(event) => choose(event.target.value as Language)}>
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <option key={code} value={code} lang={code}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        <span>{t("choice.colours")}</span>
        <select value={theme} onChange={(event) => chooseTheme(event.target.value as Theme)}>
          {(["system", "light", "dark"] as const).map((each) => (
            <option key={each} value={each}>{t(`theme.${each}`)}</option>
          ))}
        </select>
      </label>
    </div>
  );
}
