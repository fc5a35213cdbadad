// A bar chart with its figures as a table below it, for those who do not see the drawing.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { useI18n } from "../i18n";
import { useTheme } from "../theme";

type Props = { title: string; unit: string; bars: { label: string; value: string; shown: string }[] };
const HEIGHT = 200;
const AXIS_WIDTH_MIN = 64;
const TICKS_WIDTH = 20;

export function BarChart({ title, unit, bars }: Props) {
  const { t, number, direction } = useI18n();
  const [theme] = useTheme();
  const place = useRef<HTMLDivElement>(null);
  const drawn = JSON.stringify(bars);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const [ink, line, accent] = ["--quiet", "--line", "--accent"].map((name) => resolved(element, name));
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line }, font: `12px ${style.fontFamily}` };
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [-0.6, bars.length - 0.4] }, y: { range: (_, __, max) => [0, max * 1.1 || 1] } },
        axes: [
          {
            ...axis,
            grid: { show: false },
            splits: () => bars.map((_, index) => index),
            values: () => bars.map((bar) => (bars.length > 6 && element.clientWidth < 500 ? "" : bar.label)),
          },
          { ...axis, side: direction === "rtl" ? 1 : 3, size: widthOf, values: (_, ticks) => ticks.map((tick) => number(tick, 2)) },
        ],
        series: [{}, { fill: accent, paths: uPlot.paths.bars!({ size: [0.6, 48] }), points: { show: false } }],
      },
      [bars.map((_, index) => index), bars.map(({ value }) => Number(value))],
      element,
    );
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
    // `drawn` stands for `bars`, which are new objects in every render.
    // The theme is here because the colours of a canvas do not follow the style sheet.
  }, [drawn, theme, direction]);
  return (
    <figure className="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} aria-hidden="true" dir="ltr" />
      <details>
        <summary>{t("chart.table")}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("chart.period")}</th>
              <th scope="col" className="numeric">{unit}</th>
            </tr>
          </thead>
          <tbody>
            {bars.map(({ label, shown }) => (
              <tr key={label}>
                <td>{label}</td>
                <td className="numeric">{shown}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

/** The width of the axis: that of its longest label, and room for its ticks. */
function widthOf(chart: uPlot, labels: string[] | null, axis: number): number {
  const font = chart.axes[axis]?.font;
  if (!labels?.length || !font) return AXIS_WIDTH_MIN;
  chart.ctx.save();
  chart.ctx.font = Array.isArray(font) ? String(font[0]) : font;
  const widths = labels.map((label) => chart.ctx.measureText(label).width / devicePixelRatio);
  chart.ctx.restore();
  return Math.max(AXIS_WIDTH_MIN, Math.ceil(Math.max(...widths)) + TICKS_WIDTH);
}

/** The colour of a variable as a canvas takes it; `light-dark()` has been decided. */
function resolved(element: HTMLElement, name: string): string {
  const probe = element.appendChild(document.createElement("span"));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

export type Share = { name: string; percent: number; shown: string };

/** Shares of a whole, drawn as one bar with its legend. */
export function Shares({ of, label }: { of: Share[]; label: string }) {
  return (
    <div className="shares">
      <div className="bar" role="img" aria-label={`${label}: ${of.map(({ name, shown }) => `${name} ${shown}`).join(", ")}`}>
        {of.map(({ name, percent }, index) => (
          <span key={name} className={`share s${index % 6}`} style={{ flexGrow: percent }} />
        ))}
      </div>
      <ul>
        {of.map(({ name, shown }, index) => (
          <li key={name}>
            <span className={`dot s${index % 6}`} aria-hidden="true" /> {name} <b>{shown}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
