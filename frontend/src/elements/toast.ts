/** A short message at the edge of the page, read out, with at most one thing to do; it goes after a while. */
const SHOWN = 8000;

export function toast(text: string, address?: string, title?: string): void {
  const corner = document.querySelector("#toasts");
  if (!corner || !text) return;
  const message = document.createElement("div");
  message.className = "toast";
  const said = document.createElement("span");
  said.textContent = text;
  message.append(said);
  if (address && title) {
    const link = document.createElement("a");
    link.href = address;
    link.textContent = title;
    message.append(link);
  }
  corner.replaceChildren(message);
  setTimeout(() => message.remove(), SHOWN);
}
