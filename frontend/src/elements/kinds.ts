/**
 * A form in which one field says which others belong: those that do not are hidden. Without script all are shown.
 *
 * `by` names the field. With `keep` what is filled in stays in sight: it would be sent unseen; without it the server
 * leaves out what does not belong.
 */
class Kinds extends HTMLElement {
  connectedCallback(): void {
    const by = this.querySelector<HTMLSelectElement>(`select[name="${this.getAttribute("by") ?? ""}"]`);
    if (!by) return;
    const show = (): void => {
      for (const part of this.querySelectorAll<HTMLElement>("[data-kinds]")) {
        const fits = (part.dataset["kinds"] ?? "").split(" ").includes(by.value);
        part.hidden = !fits && !(this.hasAttribute("keep") && filled(part));
      }
      for (const group of this.querySelectorAll<HTMLElement>(".part, .fold, .beside-each, .one-entry")) {
        const parts = [...group.querySelectorAll<HTMLElement>(".entry")];
        group.hidden = parts.length > 0 && parts.every((part) => part.hidden);
      }
    };
    by.addEventListener("change", show);
    show();
  }
}

/** Whether somebody filled something in. */
function filled(part: HTMLElement): boolean {
  const fields = [...part.querySelectorAll<HTMLInputElement>("input")];
  return fields.some((field) => (field.type === "checkbox" ? field.checked : field.value !== ""));
}

export function kinds(): void {
  customElements.define("vf-kinds", Kinds);
}
