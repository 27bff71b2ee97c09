import htmx from "htmx.org";

/**
 * Sliders that rank the candidates anew: by a preview while one moves, exactly when it rests. What is asked stands in
 * the address, so that it can be shared; nothing is stored on the server.
 */
class WhatIf extends HTMLElement {
  private asked = 0;
  private busy = false;
  private waiting = false;

  connectedCallback(): void {
    const form = this.querySelector<HTMLFormElement>("form.what-if");
    if (!form) return;
    const apply = form.querySelector<HTMLElement>("button.primary");
    if (apply) apply.hidden = true;
    form.addEventListener("input", (event) => {
      const field = event.target as HTMLInputElement;
      if (field.type === "range") field.dataset["set"] = "";
      this.tell(field);
      void this.rank(true);
    });
    form.addEventListener("change", () => void this.rank(false));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.rank(false);
    });
    form.querySelector("[data-reset]")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.reset(form);
    });
    this.addEventListener("change", (event) => {
      const choice = (event.target as HTMLElement).dataset["columnChoice"];
      if (choice) this.choose(choice, (event.target as HTMLInputElement).checked);
    });
    this.columns();
    this.scenarios();
  }

  /** What is asked, as the query of an address: only what was moved. */
  private query(): URLSearchParams {
    const found = new URLSearchParams();
    for (const field of this.querySelectorAll<HTMLInputElement>("form.what-if input")) {
      const asks = field.type === "range" ? field.dataset["set"] !== undefined : field.type !== "checkbox" || field.checked;
      if (asks) found.set(field.name, field.type === "range" ? String(Number(Number(field.value).toFixed(4))) : field.value);
    }
    return found;
  }

  private reset(form: HTMLFormElement): void {
    for (const field of form.querySelectorAll<HTMLInputElement>("input[type=range]")) {
      field.value = field.dataset["own"] ?? field.value;
      delete field.dataset["set"];
      this.tell(field);
    }
    for (const box of form.querySelectorAll<HTMLInputElement>("input[type=checkbox]")) box.checked = false;
    void this.rank(false);
  }

  private tell(field: HTMLInputElement): void {
    const said = field.closest(".slider")?.querySelector("output");
    if (!said || field.type !== "range") return;
    const unit = field.dataset["unit"];
    const value = Number(field.value);
    said.textContent = unit ? `${Math.round(value * 10) / 10} ${unit}` : `${Math.round(value * 100)} %`;
  }

  private async rank(preview: boolean): Promise<void> {
    if (preview && this.busy) {
      this.waiting = true; // the newest state of the sliders is asked for once the answer is here
      return;
    }
    const number = ++this.asked;
    const query = this.query();
    if (!preview) {
      const shared = query.size ? `?${query}` : location.pathname;
      history.replaceState(null, "", shared);
    }
    if (preview) query.set("preview", "1");
    this.busy = true;
    const answer = await fetch(`${this.dataset["address"]}?${query}`);
    this.busy = false;
    if (answer.ok && number === this.asked) this.show(await answer.text());
    if (this.waiting) {
      this.waiting = false;
      if (preview && number === this.asked) await this.rank(true);
    }
  }

  private show(html: string): void {
    const list = this.querySelector<HTMLElement>("#ranked");
    if (!list) return;
    const open = list.querySelector<HTMLDetailsElement>(".columns-menu")?.open ?? false;
    const before = new Map<string, number>();
    for (const row of list.querySelectorAll<HTMLElement>("[data-row][id]")) before.set(row.id, row.getBoundingClientRect().top);
    list.innerHTML = html;
    htmx.process(list);
    const menu = list.querySelector<HTMLDetailsElement>(".columns-menu");
    if (menu) menu.open = open;
    this.columns();
    this.weights(list);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const row of list.querySelectorAll<HTMLElement>("[data-row][id]")) {
      const moved = (before.get(row.id) ?? NaN) - row.getBoundingClientRect().top;
      if (moved) row.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], { duration: 150, easing: "ease-out" });
    }
  }

  /** Weights that were not set follow those that were; the exchange rate stands below each. */
  private weights(list: HTMLElement): void {
    const now = new Map((list.firstElementChild as HTMLElement).dataset["weights"]?.trim().split(" ").map((pair) => pair.split("=") as [string, string]));
    for (const slider of this.querySelectorAll<HTMLElement>(".slider[data-factor]")) {
      const factor = slider.dataset["factor"] ?? "";
      const field = slider.querySelector<HTMLInputElement>("input");
      const rate = list.querySelector(`.exchanges [data-factor="${CSS.escape(factor)}"]`)?.textContent;
      const words = slider.querySelector("p");
      if (words && rate !== undefined) words.textContent = rate;
      if (!field || field === document.activeElement || !now.has(factor)) continue;
      if (field.dataset["set"] === undefined) field.value = now.get(factor) ?? field.value;
      this.tell(field);
    }
  }

  private chosen(): string[] {
    return JSON.parse(localStorage.getItem("priority-columns") ?? "[]") as string[];
  }

  private choose(column: string, shown: boolean): void {
    const others = this.chosen().filter((name) => name !== column);
    localStorage.setItem("priority-columns", JSON.stringify(shown ? [...others, column] : others));
    this.columns();
  }

  private columns(): void {
    const chosen = new Set(this.chosen());
    for (const box of this.querySelectorAll<HTMLInputElement>("[data-column-choice]")) box.checked = chosen.has(box.dataset["columnChoice"] ?? "");
    const heads = [...this.querySelectorAll<HTMLElement>("th[data-column]")];
    for (const head of heads) head.hidden = !chosen.has(head.dataset["column"] ?? "");
    for (const row of this.querySelectorAll(".ranked tr[data-row]")) {
      row.querySelectorAll<HTMLElement>("td[data-column]").forEach((cell, at) => {
        cell.hidden = heads[at]?.hidden ?? true;
        cell.dataset["label"] = heads[at]?.textContent ?? "";
      });
    }
  }

  private scenarios(): void {
    const box = this.querySelector<HTMLElement>(".scenarios");
    const list = box?.querySelector<HTMLElement>("ul");
    const form = box?.querySelector<HTMLFormElement>("form");
    if (!box || !list || !form) return;
    box.hidden = false;
    const name = `scenarios ${location.pathname}`;
    const kept = (): Record<string, string> => JSON.parse(localStorage.getItem(name) ?? "{}") as Record<string, string>;
    const draw = (): void => {
      list.replaceChildren(
        ...Object.entries(kept()).map(([title, query]) => {
          const entry = document.createElement("li");
          const open = link(title, `?${query}`);
          const compare = link("compare with this", "#");
          compare.className = "small";
          compare.addEventListener("click", () => {
            const both = new URLSearchParams({ a: this.query().toString(), b: query, b_name: title });
            compare.href = `${list.dataset["compare"]}?${both}`;
          });
          const forget = document.createElement("button");
          forget.className = "link small";
          forget.textContent = "forget";
          forget.addEventListener("click", () => {
            const { [title]: _gone, ...rest } = kept();
            localStorage.setItem(name, JSON.stringify(rest));
            draw();
          });
          entry.append(open, " · ", compare, " · ", forget);
          return entry;
        }),
      );
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const field = form.querySelector("input");
      const title = field?.value.trim();
      if (!field || !title) return;
      localStorage.setItem(name, JSON.stringify({ ...kept(), [title]: this.query().toString() }));
      field.value = "";
      draw();
    });
    draw();
  }
}

function link(text: string, address: string): HTMLAnchorElement {
  const found = document.createElement("a");
  found.href = address;
  found.textContent = text;
  return found;
}

export function whatIf(): void {
  customElements.define("vf-what-if", WhatIf);
}
