/** Filters that apply as soon as they are chosen; without script a button applies them. */
class Filters extends HTMLElement {
  connectedCallback(): void {
    const form = this.closest("form");
    const button = this.querySelector<HTMLButtonElement>("button:not([type=button])");
    if (button) button.hidden = true;
    this.addEventListener("change", () => {
      for (const field of this.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select")) {
        field.disabled = field.value === ""; // an address says only what was chosen
      }
      form?.submit();
    });
  }
}

export function filters(): void {
  customElements.define("vf-filters", Filters);
}
