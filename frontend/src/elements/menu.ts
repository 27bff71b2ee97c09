/** A button that opens a menu: closed by Escape, by a click elsewhere, and by leaving it. */
class Menu extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector("button");
    const menu = this.querySelector<HTMLElement>(".menu");
    if (!button || !menu) return;
    const show = (open: boolean): void => {
      menu.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
    };
    button.addEventListener("click", () => show(Boolean(menu.hidden)));
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || menu.hidden) return;
      show(false);
      button.focus();
    });
    document.addEventListener("click", (event) => {
      if (!this.contains(event.target as Node)) show(false);
    });
    this.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.contains(event.relatedTarget as Node)) show(false);
    });
  }
}

export function menu(): void {
  customElements.define("vf-menu", Menu);
}
