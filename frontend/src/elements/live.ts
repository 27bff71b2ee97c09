/** A value session as it goes on: counts are written where they stand, another step loads the page anew. */
import { settled } from "./minutes";

interface Pulse {
  version: number;
  step: string;
  ready: number;
  people: number;
  signed: number;
  ends: string;
}

const LATEST = 400;
const LOOK = 500;

class Live extends HTMLElement {
  private source: EventSource | undefined;
  private asked: number | undefined;

  connectedCallback(): void {
    const address = this.dataset["events"];
    if (!address) return;
    this.source = new EventSource(address);
    this.source.addEventListener("open", () => document.body.classList.add("is-live"));
    this.source.addEventListener("error", () => document.body.classList.remove("is-live"));
    this.source.addEventListener("message", (event) => this.hear(JSON.parse(event.data as string) as Pulse));
    // Whoever sends a form is on the way to another page: what it changes must not load this one anew meanwhile.
    document.addEventListener("submit", () => this.source?.close(), { once: true });
    addEventListener("pagehide", () => this.source?.close(), { once: true });
  }

  disconnectedCallback(): void {
    this.source?.close();
  }

  private hear(pulse: Pulse): void {
    // What is told may be a second old: older than the page that hears it.
    if (pulse.version < Number(this.dataset["version"])) return;
    if (pulse.step !== this.dataset["step"]) {
      void this.anew();
      return;
    }
    for (const name of ["ready", "people", "signed"] as const) write(name, String(pulse[name]));
    const timer = document.querySelector<HTMLElement>("vf-timer");
    if (whole(timer?.dataset["ends"] ?? "") !== whole(pulse.ends)) {
      if (document.querySelector("[data-live=ready]") && !document.querySelector("#points")) {
        void this.anew();
        return;
      }
    }
    if (String(pulse.version) === this.dataset["version"]) return;
    this.dataset["version"] = String(pulse.version);
    clearTimeout(this.asked);
    this.asked = window.setTimeout(() => void refresh(), LATEST);
  }

  /** Load the page anew, once nothing on it is unsaved. */
  private async anew(): Promise<void> {
    this.source?.close();
    while (!(await settled())) await new Promise((go) => setTimeout(go, LOOK));
    location.reload();
  }
}

function whole(ends: string): number {
  return ends ? Math.floor(Date.parse(ends) / 1000) * 1000 : 0;
}

function write(name: string, value: string): void {
  for (const place of document.querySelectorAll(`[data-live="${name}"]`)) {
    if (place.textContent !== value) place.textContent = value;
  }
}

/** The part of the page that changes is asked for again, unless somebody is filling in a form there. */
async function refresh(): Promise<void> {
  const part = document.querySelector<HTMLElement>("[data-live-part]");
  if (!part || part.contains(document.activeElement) || part.querySelector("details[open]")) return;
  const answer = await fetch(part.dataset["livePart"] ?? "", { headers: { "X-Part": "1" } });
  if (answer.ok) part.innerHTML = await answer.text();
}

/** Time that is left, told each second on the screen and never aloud. */
class Timer extends HTMLElement {
  private ticking: number | undefined;

  connectedCallback(): void {
    this.tick();
    this.ticking = window.setInterval(() => this.tick(), 1000);
  }

  disconnectedCallback(): void {
    clearInterval(this.ticking);
  }

  private tick(): void {
    const left = Math.round((Date.parse(this.dataset["ends"] ?? "") - Date.now()) / 1000);
    if (Number.isNaN(left)) return;
    const minutes = Math.floor(Math.max(left, 0) / 60);
    const seconds = Math.max(left, 0) % 60;
    this.textContent = left <= 0 ? "time is up" : `${minutes}:${String(seconds).padStart(2, "0")}`;
  }
}

/** The number of a slider, as it moves. One that nobody has touched says nothing yet: where it stands is no answer. */
class Slider extends HTMLElement {
  connectedCallback(): void {
    const field = this.querySelector<HTMLInputElement>("input[type=range]");
    const shown = this.querySelector("output");
    if (!field || !shown) return;
    const next = field.form?.querySelector<HTMLButtonElement>("button[value=points]");
    const show = (): void => {
      delete this.dataset["unset"];
      shown.textContent = field.value;
      if (next) next.disabled = false;
    };
    for (const touched of ["input", "pointerup", "keydown"]) field.addEventListener(touched, show);
    if (this.dataset["unset"] === undefined) {
      show();
      return;
    }
    shown.textContent = "not said yet";
    if (next) next.disabled = true;
  }
}

/** A button that copies the address or the text beside it. */
class Copy extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector("button");
    const field = this.querySelector<HTMLInputElement | HTMLTextAreaElement>("input, textarea");
    if (!button || !field) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      field.select();
      void navigator.clipboard?.writeText(field.value).then(() => {
        button.textContent = "Copied";
      });
    });
  }
}

export function live(): void {
  customElements.define("vf-live", Live);
  customElements.define("vf-timer", Timer);
  customElements.define("vf-slider", Slider);
  customElements.define("vf-copy", Copy);
}
