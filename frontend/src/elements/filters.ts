/** Filters that apply as soon as they are chosen; without script a button applies them. */
const LAST = "vf-filter"; // the field that was changed last: whoever uses keys goes on from it on the next page

class Filters extends HTMLElement {
  connectedCallback(): void {
    const form = this.closest("form");
    const button = this.querySelector<HTMLButtonElement>("button:not([type=button])");
    if (button) button.hidden = true;
    const last = sessionStorage.getItem(LAST);
    sessionStorage.removeItem(LAST);
    if (last) this.querySelector<HTMLElement>(`[name="${CSS.escape(last)}"]`)?.focus({ preventScroll: true });
    this.addEventListener("change", (event) => {
      sessionStorage.setItem(LAST, (event.target as HTMLInputElement).name);
      if (form) ask(form);
    });
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  }
}

/** Go to the address that says only what was chosen. */
function ask(form: HTMLFormElement): void {
  const said = [...new FormData(form)].filter((pair): pair is [string, string] => pair[1] !== "");
  location.assign(said.length ? `?${new URLSearchParams(said)}` : location.pathname);
}

export function filters(): void {
  customElements.define("vf-filters", Filters);
}
