/** The board: cards move between columns by mouse, touch, Ctrl and arrows, or their menu; a refusal moves them back. */
import Sortable from "sortablejs";

import { toast } from "./toast";

interface Answer {
  moved: boolean;
  version?: number;
  reason?: string;
  address?: string;
  title?: string;
}

class Board extends HTMLElement {
  connectedCallback(): void {
    if (!this.hasAttribute("movable")) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (const lane of this.lanes()) {
      Sortable.create(lane, {
        group: "bets",
        sort: false,
        draggable: ".bet",
        filter: "details, a, button",
        preventOnFilter: false,
        delay: 180,
        delayOnTouchOnly: true,
        animation: still ? 0 : 150,
        ghostClass: "ghost",
        onEnd: ({ item, from, to, oldIndex }) => {
          if (from !== to) void this.move(item, from, to, from.children[oldIndex ?? 0] ?? null);
        },
      });
    }
    this.addEventListener("keydown", (event) => this.byKey(event));
    this.addEventListener("submit", (event) => this.byMenu(event));
  }

  private lanes(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[data-stage]")];
  }

  private byKey(event: KeyboardEvent): void {
    const card = (event.target as HTMLElement).closest<HTMLElement>(".bet");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!card || !step || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const lanes = this.lanes();
    const from = card.closest<HTMLElement>("[data-stage]");
    const to = from && lanes[lanes.indexOf(from) + step];
    if (from && to) this.shift(card, from, to);
  }

  private byMenu(event: SubmitEvent): void {
    const button = event.submitter as HTMLButtonElement | null;
    const card = button?.closest<HTMLElement>(".bet");
    const from = card?.closest<HTMLElement>("[data-stage]");
    const to = this.querySelector<HTMLElement>(`[data-stage="${button?.value}"]`);
    if (!card || !from || !to) return;
    event.preventDefault();
    card.querySelector("details")?.removeAttribute("open");
    this.shift(card, from, to);
  }

  private shift(card: HTMLElement, from: HTMLElement, to: HTMLElement): void {
    const after = card.nextElementSibling;
    to.prepend(card);
    card.focus();
    void this.move(card, from, to, after);
  }

  private async move(card: HTMLElement, from: HTMLElement, to: HTMLElement, after: Element | null): Promise<void> {
    const form = card.querySelector<HTMLFormElement>("form");
    if (!form) return;
    const said = new FormData(form);
    said.set("to", to.dataset["stage"] ?? "");
    const answer = await send(form.action, said);
    const title = card.querySelector("a")?.textContent ?? "";
    if (answer.moved) {
      const version = form.querySelector<HTMLInputElement>("[name=version]");
      if (version && answer.version) version.value = String(answer.version);
      toast(`${title}: ${to.dataset["title"]}`);
    } else {
      from.insertBefore(card, after);
      toast(answer.reason ?? "", answer.address, answer.title);
    }
    card.focus();
    this.count();
  }

  private count(): void {
    for (const lane of this.lanes()) {
      const shown = lane.closest(".lane")?.querySelector(".count");
      if (shown) shown.textContent = String(lane.querySelectorAll(".bet").length + Number(lane.dataset["more"] ?? 0));
    }
  }
}

async function send(address: string, said: FormData): Promise<Answer> {
  try {
    const answer = await fetch(address, { method: "POST", body: said, headers: { Accept: "application/json" } });
    if (answer.ok) return (await answer.json()) as Answer;
  } catch {
    return { moved: false, reason: "The server did not answer. Nothing was moved." };
  }
  return { moved: false, reason: "This could not be moved. Load the page anew." };
}

export function board(): void {
  customElements.define("vf-board", Board);
}
