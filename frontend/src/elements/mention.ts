/** Names to choose from while one types an @ in a comment; arrows choose, Enter or Tab takes, Escape leaves. */
interface Person {
  handle: string;
  name: string;
}

const MOST = 6;
const BEGUN = /(^|[\s(])@([^\s@]*)$/;
let lists = 0;

class Mention extends HTMLElement {
  private people: Promise<Person[]> | undefined;
  private field: HTMLTextAreaElement | null = null;
  private list: HTMLUListElement | undefined;
  private asked = 0;

  connectedCallback(): void {
    this.field = this.querySelector("textarea");
    if (!this.field || this.list) return;
    this.list = document.createElement("ul");
    this.list.id = `mention-${(lists += 1)}`;
    this.list.setAttribute("role", "listbox");
    this.list.ariaLabel = "People to name";
    this.list.hidden = true;
    this.append(this.list);
    this.field.setAttribute("aria-controls", this.list.id);
    this.field.setAttribute("aria-autocomplete", "list");
    this.field.addEventListener("input", () => void this.offer());
    this.field.addEventListener("keydown", (event) => this.choose(event));
    this.field.addEventListener("blur", () => this.close());
  }

  /** What was typed of a name before the caret; nothing where no @ begins one. */
  private begun(): string | undefined {
    const field = this.field;
    return field ? BEGUN.exec(field.value.slice(0, field.selectionStart))?.[2]?.toLowerCase() : undefined;
  }

  private async offer(): Promise<void> {
    const now = (this.asked += 1);
    const begun = this.begun();
    if (begun === undefined) return this.close();
    this.people ??= this.load();
    const people = await this.people;
    if (now !== this.asked) return;
    const fits = people.filter((one) => `${one.handle} ${one.name}`.toLowerCase().split(/\s+/).some((word) => word.startsWith(begun)));
    this.list?.replaceChildren(...fits.slice(0, MOST).map((one, at) => this.entry(one, at)));
    if (this.list) this.list.hidden = fits.length === 0;
    this.mark(0);
  }

  private async load(): Promise<Person[]> {
    const answer = await fetch(this.getAttribute("people") ?? "", { headers: { Accept: "application/json" } });
    return answer.ok ? ((await answer.json()) as { people: Person[] }).people : [];
  }

  private entry(one: Person, at: number): HTMLElement {
    const entry = document.createElement("li");
    entry.id = `${this.list?.id}-${at}`;
    entry.setAttribute("role", "option");
    entry.dataset.handle = one.handle;
    const handle = document.createElement("code");
    handle.textContent = `@${one.handle}`;
    entry.append(handle, ` ${one.name}`);
    entry.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      this.take(entry);
    });
    return entry;
  }

  private choose(event: KeyboardEvent): void {
    if (!this.list || this.list.hidden) return;
    const entries = [...this.list.querySelectorAll<HTMLElement>("[role=option]")];
    const now = entries.findIndex((entry) => entry.ariaSelected === "true");
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" || event.key === "Tab") this.take(entries[Math.max(now, 0)]);
    else if (event.key === "ArrowDown") this.mark((now + 1) % entries.length);
    else if (event.key === "ArrowUp") this.mark((now + entries.length - 1) % entries.length);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private mark(at: number): void {
    const entries = [...(this.list?.querySelectorAll<HTMLElement>("[role=option]") ?? [])];
    for (const [place, entry] of entries.entries()) entry.ariaSelected = String(place === at);
    this.field?.setAttribute("aria-activedescendant", entries[at]?.id ?? "");
  }

  private take(entry: HTMLElement | undefined): void {
    const field = this.field;
    const begun = this.begun();
    if (field && entry && begun !== undefined) {
      field.setRangeText(`${entry.dataset.handle} `, field.selectionStart - begun.length, field.selectionStart, "end");
    }
    this.close();
  }

  private close(): void {
    this.asked += 1;
    if (this.list) this.list.hidden = true;
    this.field?.removeAttribute("aria-activedescendant");
  }
}

export function mention(): void {
  customElements.define("vf-mention", Mention);
}
