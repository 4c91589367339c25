/**
 * A text that may come from a service that is not ours, for a terminal: what would steer it is shown, not sent. New lines
 * and tabs stay.
 */
export function withoutControls(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
