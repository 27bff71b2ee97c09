/** Saves the picture that its link gives as SVG as a PNG: drawn on a canvas here, so that the server draws nothing. */
const SCALE = 2; // for screens and slides with twice the dots
const MARGIN = 16; // around it, in its own dots
const MOST = 16_000; // dots of a side that every browser still draws

class Image extends HTMLElement {
  connectedCallback(): void {
    const link = this.querySelector("a");
    link?.addEventListener("click", (event) => {
      event.preventDefault();
      void save(link.href, `${this.getAttribute("name") ?? "picture"}.png`).catch(() => location.assign(link.href));
    });
  }
}

async function save(address: string, name: string): Promise<void> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`no picture: ${answer.status}`);
  const svg = await answer.text();
  const [width, height] = size(svg);
  const scale = Math.min(SCALE, MOST / (Math.max(width, height) + 2 * MARGIN));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round((width + 2 * MARGIN) * scale), Math.round((height + 2 * MARGIN) * scale)];
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  context.drawImage(await drawn(svg), MARGIN, MARGIN, width, height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error("not drawn");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Width and height by its head; read as text, for a parsed picture would bring its styles under the rules of the page. */
function size(svg: string): [number, number] {
  const head = svg.slice(0, svg.indexOf(">", svg.indexOf("<svg")));
  const box = /viewBox="([^"]+)"/.exec(head)?.[1]?.split(/[\s,]+/).map(Number) ?? [];
  const side = (name: string): number => Number(new RegExp(`\\s${name}="([0-9.]+)`).exec(head)?.[1] ?? 0);
  return [side("width") || box[2] || 1000, side("height") || box[3] || 600];
}

/** From a data address: a picture from anywhere else would make the canvas unreadable. */
function drawn(svg: string): Promise<HTMLImageElement> {
  return new Promise((done, failed) => {
    const picture = document.createElement("img");
    picture.onload = () => done(picture);
    picture.onerror = () => failed(new Error("not drawn"));
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  });
}

export function image(): void {
  customElements.define("vf-image", Image);
}
