/** The value tree: zoom and drag, keys that walk along the lines, branches that fold away. Without script it is a picture with links. */
const STEP = 1.25;
const SMALLEST = 0.3;
const LARGEST = 3;
const READABLE = 0.7;
const EDGES = 26;

class Tree extends HTMLElement {
  private picture: SVGSVGElement | undefined;
  private view: HTMLElement | undefined;
  private zoom = 1;
  private folded = new Set<string>();

  connectedCallback(): void {
    this.picture = this.querySelector<SVGSVGElement>("svg.value-tree") ?? undefined;
    this.view = this.querySelector<HTMLElement>(".tree-view") ?? undefined;
    if (!this.picture || !this.view) return;
    for (const button of this.querySelectorAll<HTMLButtonElement>("[data-zoom]")) {
      button.hidden = false;
      button.addEventListener("click", () => this.act(button.dataset["zoom"] ?? ""));
    }
    this.view.addEventListener("keydown", (event) => this.key(event));
    this.view.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.scale(event.deltaY < 0 ? this.zoom * STEP : this.zoom / STEP);
      },
      { passive: false },
    );
    this.drag(this.view);
    if (this.picture.width.baseVal.value > this.view.clientWidth) this.act("all");
  }

  private act(what: string): void {
    if (what === "in") this.scale(this.zoom * STEP);
    else if (what === "out") this.scale(this.zoom / STEP);
    else if (what === "all" && this.picture && this.view) {
      const fits = (this.view.clientWidth - EDGES) / this.picture.viewBox.baseVal.width;
      this.scale(Math.min(1, Math.max(READABLE, fits)));
    }
  }

  private scale(wanted: number): void {
    if (!this.picture) return;
    this.zoom = Math.min(LARGEST, Math.max(SMALLEST, wanted));
    const { width, height } = this.picture.viewBox.baseVal;
    this.picture.setAttribute("width", String(width * this.zoom));
    this.picture.setAttribute("height", String(height * this.zoom));
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const zoom: Record<string, string> = { "+": "in", "=": "in", "-": "out", "0": "all" };
    const act = zoom[event.key];
    const node = (event.target as Element).closest<SVGElement>("[data-node]");
    if (act) this.act(act);
    else if (event.key === " " && node) this.fold(node);
    else if (event.key.startsWith("Arrow")) this.walk(event.key.slice(5), node);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Right goes to a cause, one that is shown before those that are folded away, left to what it moves, up and down to the next box of the column. */
  private walk(way: string, node: SVGElement | null): void {
    const all = this.nodes();
    if (!node) {
      this.go(all[0]);
      return;
    }
    const here = node.getBoundingClientRect();
    if (way === "Left" || way === "Right") {
      const names = this.lines(node.dataset["node"] ?? "", way === "Right" ? "effect" : "cause");
      const beside = all.filter((other) => names.has(other.dataset["node"] ?? ""));
      const told = beside.filter((other) => !other.dataset["node"]?.startsWith("more:"));
      this.go(nearest(told.length > 0 ? told : beside, here));
      return;
    }
    const column = all.filter((other) => Math.abs(other.getBoundingClientRect().left - here.left) < 4);
    const further = column.filter((other) => {
      const top = other.getBoundingClientRect().top;
      return way === "Up" ? top < here.top - 1 : top > here.top + 1;
    });
    this.go(nearest(further, here));
  }

  private go(node: SVGElement | undefined): void {
    node?.focus();
    node?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  private nodes(): SVGElement[] {
    const found = this.picture?.querySelectorAll<SVGElement>("[data-node]") ?? [];
    return [...found].filter((node) => !node.classList.contains("gone"));
  }

  /** Names at the other ends of the lines of a box: it is their `end`. */
  private lines(name: string, end: "cause" | "effect"): Set<string> {
    const other = end === "cause" ? "effect" : "cause";
    const found = [...(this.picture?.querySelectorAll<SVGElement>("[data-cause]") ?? [])];
    return new Set(found.filter((line) => line.dataset[end] === name).map((line) => line.dataset[other] ?? ""));
  }

  /** Fold away what leads to a box and to nothing else, or open it again. */
  private fold(node: SVGElement): void {
    const name = node.dataset["node"] ?? "";
    if (this.folded.has(name)) this.folded.delete(name);
    else this.folded.add(name);
    const shown = new Set<string>();
    const start = this.all().filter((other) => this.lines(other, "cause").size === 0);
    const next = [...start];
    while (next.length > 0) {
      const one = next.pop() ?? "";
      if (shown.has(one)) continue;
      shown.add(one);
      if (!this.folded.has(one)) next.push(...this.lines(one, "effect"));
    }
    for (const other of this.picture?.querySelectorAll<SVGElement>("[data-node]") ?? []) {
      const its = other.dataset["node"] ?? "";
      other.classList.toggle("gone", !shown.has(its));
      other.classList.toggle("folded", this.folded.has(its));
    }
    for (const line of this.picture?.querySelectorAll<SVGElement>("[data-cause]") ?? []) {
      const both = [line.dataset["cause"], line.dataset["effect"]];
      line.classList.toggle("gone", both.some((end) => !shown.has(end ?? "")));
    }
    for (const text of this.picture?.querySelectorAll<SVGElement>("[data-of]") ?? []) {
      const both = (text.dataset["of"] ?? "").split(" ");
      text.classList.toggle("gone", both.some((end) => !shown.has(end)));
    }
  }

  private all(): string[] {
    return [...(this.picture?.querySelectorAll<SVGElement>("[data-node]") ?? [])].map((node) => node.dataset["node"] ?? "");
  }

  private drag(view: HTMLElement): void {
    let from: { x: number; y: number; left: number; top: number } | undefined;
    view.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || (event.target as Element).closest("[data-node], a")) return;
      from = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop };
      view.setPointerCapture(event.pointerId);
    });
    view.addEventListener("pointermove", (event) => {
      if (!from) return;
      view.scrollLeft = from.left - (event.clientX - from.x);
      view.scrollTop = from.top - (event.clientY - from.y);
    });
    view.addEventListener("pointerup", () => (from = undefined));
  }
}

function nearest(nodes: SVGElement[], here: DOMRect): SVGElement | undefined {
  const away = (node: SVGElement): number => Math.abs(node.getBoundingClientRect().top - here.top);
  return [...nodes].sort((one, other) => away(one) - away(other))[0];
}

export function tree(): void {
  customElements.define("vf-tree", Tree);
}
