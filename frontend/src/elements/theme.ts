/** Light, dark or as the system says: kept on this device at once, and with the account by the server. */
class Theme extends HTMLElement {
  connectedCallback(): void {
    this.mark();
    this.addEventListener("click", (event) => {
      const choice = (event.target as HTMLElement).closest<HTMLElement>("[data-theme-choice]")?.dataset["themeChoice"];
      if (!choice) return;
      apply(choice);
      localStorage.setItem("theme", choice);
      this.mark();
    });
  }

  private mark(): void {
    const chosen = document.documentElement.dataset["theme"] ?? "system";
    for (const button of this.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset["themeChoice"] === chosen));
    }
  }
}

function apply(choice: string): void {
  if (choice === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = choice;
}

export function theme(): void {
  const kept = localStorage.getItem("theme");
  if (kept) apply(kept);
  customElements.define("vf-theme", Theme);
}
