import type { ReactNode } from "react";
import { cx } from "../lib/cx";
import { Icon } from "./Icon";
import type { IconName } from "./icons";
import styles from "./Picture.module.css";

/** A preview that fills its place, or an icon and a word where there is none. */
export function Picture({
  src,
  alt,
  icon = "image",
  none = "No preview yet",
  dim = false,
  className,
  children,
}: {
  src: string;
  alt: string;
  icon?: IconName;
  none?: string;
  dim?: boolean;
  className?: string | undefined;
  /** What lies on the picture. */
  children?: ReactNode;
}) {
  return (
    <div className={cx(styles.picture, dim && styles.dim, className)}>
      {src !== "" ? (
        <img src={src} alt={alt} loading="lazy" decoding="async" draggable={false} />
      ) : (
        <div className={styles.none}>
          <Icon name={icon} size={22} />
          {none}
        </div>
      )}
      {children}
    </div>
  );
}
