/** Draws the numbers of a forecast while they are typed: a bar from low to high, a dot in the middle, against zero. */
const WIDE = 320;
const HIGH = 44;
const SVG = "http://www.w3.org/2000/svg";

class Forecast extends HTMLElement {
  private picture: SVGSVGElement | undefined;

  connectedCallback(): void {
    this.addEventListener("input", () => this.draw());
    this.draw();
  }

  private number(name: string): number {
    const field = this.querySelector<HTMLInputElement>(`[name=${name}]`);
    return field && field.value !== "" ? Number(field.value) : Number.NaN;
  }

  private draw(): void {
    const [low, middle, high] = ["p10", "p50", "p90"].map((name) => this.number(name)) as [number, number, number];
    const rises = low <= middle && middle <= high;
    this.place().replaceChildren(...(rises ? drawn(low, middle, high) : []));
    this.toggleAttribute("disordered", [low, middle, high].every(Number.isFinite) && !rises);
  }

  private place(): SVGSVGElement {
    if (this.picture) return this.picture;
    const made = document.createElementNS(SVG, "svg");
    made.setAttribute("viewBox", `0 0 ${WIDE} ${HIGH}`);
    made.setAttribute("class", "live");
    made.setAttribute("aria-hidden", "true");
    this.querySelector(".three")?.after(made);
    this.picture = made;
    return made;
  }
}

function drawn(low: number, middle: number, high: number): SVGElement[] {
  const ends = [Math.min(low, 0), Math.max(high, 0)] as const;
  const width = ends[1] - ends[0] || 1;
  const x = (value: number): number => 16 + ((WIDE - 32) * (value - ends[0])) / width;
  return [
    shape("line", { x1: x(0), x2: x(0), y1: 4, y2: 28, class: "g-zero" }),
    shape("line", { x1: x(low), x2: x(high), y1: 16, y2: 16, class: "g-thick" }),
    shape("circle", { cx: x(middle), cy: 16, r: 4, class: "g-ring" }),
    text(x(low), String(low)),
    ...(high === low ? [] : [text(x(high), String(high))]),
    ...(low > 0 || high < 0 ? [text(x(0), "0")] : []),
  ];
}

function shape(kind: string, given: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, String(value));
  return made;
}

function text(x: number, said: string): SVGElement {
  const made = shape("text", { x, y: 40, class: "tick mid" });
  made.textContent = said;
  return made;
}

export function forecast(): void {
  customElements.define("vf-forecast", Forecast);
}
