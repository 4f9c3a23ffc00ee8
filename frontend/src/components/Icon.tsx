import { type IconName, icons } from "./icons";

/** A line icon. Small ones have a stronger stroke, so that all look equally strong. It is hidden from screen readers. */
export function Icon({ name, size = 16, className }: IconProps) {
  const Drawn = icons[name];
  const stroke = size >= 15 ? 1.75 : size >= 13 ? 2 : 2.3;
  return <Drawn size={size} strokeWidth={stroke} className={className} aria-hidden="true" />;
}

export type IconProps = { name: IconName; size?: number; className?: string | undefined };

/** A turning circle beside a text that says what is being done. */
export function Spinner({ size = 16 }: { size?: number }) {
  return (
    <svg className="spin" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" strokeWidth="2.2" opacity=".25" />
      <path
        d="M21 12a9 9 0 0 0-9-9"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.2"
        strokeLinecap="round"
      />
    </svg>
  );
}
