/** Search or jump (Ctrl K): asks the server while one types, arrows choose, Enter goes there. */
interface Found {
  title: string;
  kind: string;
  address: string;
}

class Search extends HTMLElement {
  private dialog: HTMLDialogElement | undefined;
  private asked = 0;

  connectedCallback(): void {
    this.querySelector("button")?.addEventListener("click", () => this.open());
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        this.open();
      }
    });
  }

  private open(): void {
    this.dialog ??= this.build();
    this.dialog.showModal();
    const field = this.dialog.querySelector("input");
    field?.select();
    void this.ask(field?.value ?? "");
  }

  private build(): HTMLDialogElement {
    const dialog = document.createElement("dialog");
    dialog.id = "find";
    dialog.ariaLabel = "Search or jump";
    const field = document.createElement("input");
    field.type = "text"; // in a field of type search Escape would clear it first, and close at the second time only
    field.placeholder = "Page, metric, initiative, experiment …";
    field.setAttribute("aria-label", "Search or jump");
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-expanded", "true");
    field.setAttribute("aria-controls", "found");
    const list = document.createElement("ul");
    list.id = "found";
    list.setAttribute("role", "listbox");
    list.ariaLabel = "Found";
    dialog.append(field, list);
    field.addEventListener("input", () => void this.ask(field.value));
    dialog.addEventListener("keydown", (event) => this.choose(event, list));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    document.body.append(dialog);
    return dialog;
  }

  private choose(event: KeyboardEvent, list: HTMLElement): void {
    const entries = [...list.querySelectorAll<HTMLElement>("[role=option]")];
    const now = entries.findIndex((entry) => entry.ariaSelected === "true");
    if (event.key === "Enter") {
      event.preventDefault();
      entries[Math.max(now, 0)]?.click();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = entries[Math.min(entries.length - 1, Math.max(0, now + step))];
      for (const entry of entries) entry.ariaSelected = String(entry === next);
      this.name(next);
      next?.scrollIntoView({ block: "nearest" });
    }
  }

  /** Tell screen readers which entry Enter goes to, for the focus stays in the field. */
  private name(chosen: HTMLElement | null | undefined): void {
    const field = this.dialog?.querySelector("input");
    if (chosen) field?.setAttribute("aria-activedescendant", chosen.id);
    else field?.removeAttribute("aria-activedescendant");
  }

  private async ask(text: string): Promise<void> {
    const address = this.dataset["address"];
    const number = ++this.asked;
    if (!address) return;
    const answer = await fetch(`${address}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || number !== this.asked) return;
    const { found } = (await answer.json()) as { found: Found[] };
    this.show(found);
  }

  private show(found: Found[]): void {
    const list = this.dialog?.querySelector("ul");
    list?.replaceChildren(
      ...found.map(({ title, kind, address }, index) => {
        const entry = document.createElement("li");
        entry.setAttribute("role", "presentation");
        const link = document.createElement("a");
        link.setAttribute("role", "option");
        link.id = `found-${index}`;
        link.tabIndex = -1;
        link.ariaSelected = String(index === 0);
        link.href = address;
        const about = document.createElement("span");
        about.className = "muted small";
        about.textContent = kind;
        link.append(title, about);
        entry.append(link);
        return entry;
      }),
    );
    this.name(list?.querySelector<HTMLElement>("[role=option]"));
  }
}

export function search(): void {
  customElements.define("vf-search", Search);
}
