/** Numbers open what is behind them in the side drawer; in a list a click anywhere in a row opens it, as Enter does. */
import htmx from "htmx.org";

const ACTS = "a, button, summary, input, select, textarea, label, [hx-get]";

function isPlain(event: MouseEvent): boolean {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
}

export function numbers(): void {
  document.addEventListener("click", (event) => {
    const target = event.target;
    if (!(target instanceof Element) || !isPlain(event) || event.defaultPrevented) return;
    const number = target.closest<HTMLAnchorElement | SVGAElement>("a.opens");
    if (number) {
      const address = number.getAttribute("href") ?? "";
      if (!/\/(numbers|ledger)\//.test(address)) return; // other pages are gone to
      event.preventDefault();
      void htmx.ajax("GET", address, { target: "#drawer", swap: "innerHTML" });
      return;
    }
    const row = target.closest<HTMLElement>("[data-row]");
    if (!row || target.closest(ACTS) || window.getSelection()?.toString()) return;
    row.querySelector<HTMLElement>("a")?.click();
  });
}
