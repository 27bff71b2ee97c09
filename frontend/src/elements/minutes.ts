/** Minutes of a session: saved while one types, in order. What was written elsewhere is laid beside them, never replaced. */
const PAUSE = 700;
const AGAIN = 5000;
const REST = 2000;
/** Letters that a page which is left can still send: 64 kB, and one sign may take nine bytes of them. */
const CARRIED = 7000;

let latest = 0;
/** A number that rises with every saving, also after the page was left and came back: what is overtaken is told by it. */
function turn(): number {
  latest = Math.max(latest + 1, Date.now());
  return latest;
}

class Minutes extends HTMLElement {
  private kept = "";
  private typed = 0;
  private waiting: number | undefined;
  private saving: Promise<void> = Promise.resolve();
  private told = "";
  /** Whether it could not be saved: it waits for a choice, or for the server. */
  held = false;
  /** Whether the session is closed: nothing is saved any more. */
  private over = false;
  private saved = 0;

  connectedCallback(): void {
    this.kept = this.field?.value ?? "";
    this.addEventListener("input", () => {
      this.typed = Date.now();
      if (this.over) return;
      if (!this.held) this.say("");
      this.later(PAUSE);
    });
    this.addEventListener("change", () => void this.save());
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      void this.save(event.submitter as HTMLButtonElement | null);
    });
    addEventListener("pagehide", this.leave);
    document.addEventListener("visibilitychange", this.hide);
    addEventListener("beforeunload", this.warn);
  }

  disconnectedCallback(): void {
    clearTimeout(this.waiting);
    removeEventListener("pagehide", this.leave);
    document.removeEventListener("visibilitychange", this.hide);
    removeEventListener("beforeunload", this.warn);
  }

  /** Whether the server has all that stands here. */
  get done(): boolean {
    return this.field?.value === this.kept;
  }

  /** Whether nobody is in the middle of a sentence. */
  get rests(): boolean {
    return this.done && Date.now() - this.typed > REST;
  }

  async save(choice: HTMLButtonElement | null = null): Promise<void> {
    clearTimeout(this.waiting);
    this.saving = this.saving.then(() => this.send(choice));
    await this.saving;
  }

  private get field(): HTMLTextAreaElement | null {
    return this.querySelector("textarea");
  }

  private later(pause: number): void {
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => void this.save(), pause);
  }

  private readonly leave = (): void => {
    if (!this.done) void this.send(null, (this.field?.value.length ?? 0) <= CARRIED);
  };

  /** A phone may end a page that is out of sight without a word. */
  private readonly hide = (): void => {
    if (document.visibilityState === "hidden") this.leave();
  };

  private readonly warn = (event: BeforeUnloadEvent): void => {
    const long = (this.field?.value.length ?? 0) > CARRIED;
    if ((this.held || long) && !this.done) event.preventDefault();
  };

  private async send(choice: HTMLButtonElement | null, keepalive = false): Promise<void> {
    const [form, field] = [this.querySelector("form"), this.field];
    if (!form || !field || this.over || (this.done && !choice)) return;
    const text = field.value;
    const said = new URLSearchParams(new FormData(form, choice) as unknown as Record<string, string>);
    const mine = turn();
    said.set("turn", String(mine));
    field.readOnly = choice !== null;
    let answer: Response;
    let told: string;
    try {
      const headers = { "HX-Request": "true" };
      answer = await fetch(form.action, { method: "POST", body: said, headers, keepalive });
      told = await answer.text();
    } catch {
      this.wait("Not saved: the server does not answer. It is tried again.");
      return;
    } finally {
      field.readOnly = false;
    }
    if (answer.status === 410) this.end(told);
    else if (answer.status === 409) this.clash(told);
    else if (answer.redirected || !answer.ok) this.wait(reason(answer, told));
    else if (choice) this.anew(told);
    else {
      if (mine < this.saved) return; // what was sent later is answered already
      this.saved = mine;
      this.kept = text;
      this.held = false;
      this.lay(""); // such as where one has typed what stands: there is nothing to choose any more
      this.say("Saved");
    }
  }

  /** The session is closed: the text stays here to be copied, and is not tried again. */
  private end(why: string): void {
    this.over = true;
    this.held = true;
    clearTimeout(this.waiting);
    this.lay("");
    this.say(`Not saved: ${why}.`);
  }

  private clash(both: string): void {
    this.held = true;
    this.say("");
    this.lay(both);
  }

  private lay(both: string): void {
    const place = this.querySelector(".clash");
    if (place && both !== this.told) place.innerHTML = both; // buttons stay put while one goes on typing
    this.told = both;
  }

  private anew(form: string): void {
    this.insertAdjacentHTML("afterend", form);
    const field = this.nextElementSibling?.querySelector("textarea");
    this.remove();
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
  }

  private wait(why: string): void {
    this.held = true;
    this.say(why);
    this.later(AGAIN);
  }

  private say(text: string): void {
    const state = this.querySelector(".minutes-state");
    if (state) state.textContent = text;
  }
}

function reason(answer: Response, told: string): string {
  if (answer.redirected) return "Not saved: you are signed out. Sign in again in another tab; this one keeps your text.";
  if (answer.status === 422) return `Not saved: ${told}`;
  return "Not saved: the server refused it. Copy your text and load the page anew.";
}

function all(): Minutes[] {
  return [...document.querySelectorAll<Minutes>("vf-minutes")];
}

/** Save what is not saved yet; gives whether the page may go, with nothing lost and nobody in the middle of a sentence. */
export async function settled(): Promise<boolean> {
  await Promise.all(all().map((each) => each.held || each.save()));
  return all().every((each) => each.rests);
}

/** A form that leaves the page waits until what was typed is saved; where it cannot be, the page stays. */
function first(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (form.closest("vf-minutes") || all().every((each) => each.done)) return;
  event.preventDefault();
  event.stopPropagation();
  void settled().then(() => {
    const open = all().find((each) => !each.done);
    if (open) open.querySelector("textarea")?.focus();
    else form.requestSubmit(event.submitter);
  });
}

export function minutes(): void {
  customElements.define("vf-minutes", Minutes);
  document.addEventListener("submit", first, { capture: true });
}
