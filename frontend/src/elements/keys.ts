/** Keys of lists: j and k move, Enter opens, / searches, e edits, ? explains. Never while somebody types. */
const ROWS = "[data-row], .ledger .row > summary, tbody tr[data-address]";

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(ROWS)].filter((row) => row.offsetParent !== null);
}

function move(step: number): void {
  const all = rows();
  const now = all.findIndex((row) => row.classList.contains("selected"));
  const next = all[Math.min(all.length - 1, Math.max(0, now + step))];
  if (!next) return;
  all[now]?.classList.remove("selected");
  next.classList.add("selected");
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function open(): void {
  const row = document.querySelector<HTMLElement>(".selected");
  if (!row || document.activeElement?.matches("a, button, summary")) return; // these open by themselves
  (row.querySelector<HTMLElement>("a") ?? row).click();
}

function edit(): void {
  const row = document.querySelector<HTMLElement>(".selected");
  (row ?? document).querySelector<HTMLElement>("[data-edit]")?.click();
}

const ACTIONS: Record<string, () => void> = {
  j: () => move(1),
  k: () => move(-1),
  Enter: open,
  e: edit,
  "/": () => document.querySelector<HTMLElement>("vf-search button")?.click(),
  "?": () => document.querySelector<HTMLDialogElement>("#help")?.showModal(),
};

export function keys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const action = ACTIONS[event.key];
    if (!action) return;
    if (event.key !== "Enter") event.preventDefault();
    action();
  });
}
