/** The form of a metric: fields that a kind does not take are hidden. Without script all are shown. */
class MetricForm extends HTMLElement {
  connectedCallback(): void {
    const kind = this.querySelector<HTMLSelectElement>("[name=kind]");
    if (!kind) return;
    const show = (): void => {
      for (const part of this.querySelectorAll<HTMLElement>("[data-kinds]")) {
        const fits = (part.dataset["kinds"] ?? "").split(" ").includes(kind.value);
        part.hidden = !fits && !filled(part);
      }
    };
    kind.addEventListener("change", show);
    show();
  }
}

/** Whether somebody filled something in, which must not be hidden: it would be sent unseen. */
function filled(part: HTMLElement): boolean {
  const fields = [...part.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select")];
  return fields.some((field) => (field instanceof HTMLInputElement && field.type === "checkbox" ? field.checked : field instanceof HTMLInputElement && field.value !== ""));
}

export function metricForm(): void {
  customElements.define("vf-metric-form", MetricForm);
}
