import styles from "./badge.module.css";

export type Tone = "good" | "wait" | "bad" | "quiet";

export interface Label {
  tone: Tone;
  /** Says in one or two words what the colour means. */
  text: string;
}

export function Badge({ tone, text }: Label) {
  return <span className={`${styles.badge} ${styles[tone]}`}>{text}</span>;
}
