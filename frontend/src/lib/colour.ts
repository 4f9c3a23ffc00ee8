// A custom status has one colour; its text, mark and tint are stepped in lightness from it until they can be read
// in both themes. OKLab: Björn Ottosson, "A perceptual color space for image processing", 2020. Contrast: WCAG 2.2.

type RGB = readonly [number, number, number]; // 0..1, sRGB
type Lab = readonly [number, number, number];

const textContrastMin = 4.5;
const markContrastMin = 3;
const tintAlpha = { dark: 0.15, light: 0.13 } as const;
// The ground that is hardest to read on, per theme: the panel under a selection.
const grounds = { dark: "#2b2740", light: "#e0ddf6" } as const;

export type Theme = keyof typeof grounds;
export type StatusColours = {
  readonly st: string;
  readonly solid: string;
  readonly tint: string;
  readonly on: string;
  readonly mark: string;
};

/** Reads #rrggbb. Anything else is a middle grey: a wrong colour must not break a list. */
export function parseHex(hex: string): RGB {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  if (!found) return [0.5, 0.5, 0.5];
  return [found[1], found[2], found[3]].map(
    (part) => Number.parseInt(part ?? "80", 16) / 255,
  ) as unknown as RGB;
}

const toHex = (rgb: RGB): string =>
  `#${rgb
    .map((c) =>
      Math.round(Math.min(1, Math.max(0, c)) * 255)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;

const linear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const gamma = (c: number): number => (c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055);

function toLab(rgb: RGB): Lab {
  const [r, g, b] = rgb.map(linear) as unknown as RGB;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromLab([lightness, a, b]: Lab): RGB {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const rgb = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return rgb.map((c) => gamma(Math.min(1, Math.max(0, c)))) as unknown as RGB;
}

function luminance(rgb: RGB): number {
  const [r, g, b] = rgb.map(linear) as unknown as RGB;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG contrast of two opaque colours, 1..21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(parseHex(one)), luminance(parseHex(other))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** The colour of `over` at alpha on `ground`. */
export function blend(over: string, alpha: number, ground: string): string {
  const [o, g] = [parseHex(over), parseHex(ground)];
  return toHex(o.map((c, i) => c * alpha + (g[i] ?? 0) * (1 - alpha)) as unknown as RGB);
}

/** Steps the lightness of a colour away from its ground until the contrast is at least min. */
function step(hex: string, ground: string, min: number, theme: Theme): string {
  const [l, a, b] = toLab(parseHex(hex));
  const direction = theme === "dark" ? 1 : -1;
  for (let i = 0; i <= 100; i++) {
    const lightness = Math.min(1, Math.max(0, l + direction * i * 0.01));
    const keep = 1 - Math.max(0, i - 20) * 0.01; // near white or black less colour fits
    const candidate = toHex(fromLab([lightness, a * keep, b * keep]));
    if (contrast(candidate, ground) >= min) return candidate;
  }
  return theme === "dark" ? "#ffffff" : "#000000";
}

/** The five colours of a custom status in one theme. */
export function statusColours(hex: string, theme: Theme): StatusColours {
  const solid = toHex(parseHex(hex));
  const alpha = tintAlpha[theme];
  const [r, g, b] = parseHex(solid).map((c) => Math.round(c * 255));
  const st = step(solid, blend(solid, alpha, grounds[theme]), textContrastMin, theme);
  const mark = step(solid, grounds[theme], markContrastMin, theme);
  const on = contrast("#0b0d10", solid) >= contrast("#ffffff", solid) ? "#0b0d10" : "#ffffff";
  return { st, solid, mark, on, tint: `rgba(${r}, ${g}, ${b}, ${alpha})` };
}

/** The style that an element with data-st="custom" carries: tokens.css picks the theme's half. */
export function customStyle(hex: string): Record<string, string> {
  const style: Record<string, string> = {};
  for (const theme of ["dark", "light"] as const) {
    const colours = statusColours(hex, theme);
    for (const [name, value] of Object.entries(colours)) style[`--c${theme[0]}-${name}`] = value;
  }
  return style;
}
