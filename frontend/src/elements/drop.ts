/** A drop zone: files are dragged onto it or chosen, sent with progress, and the page goes on to what became of them. */
class Drop extends HTMLElement {
  private sending = false;

  connectedCallback(): void {
    const form = this.querySelector("form");
    const field = this.querySelector<HTMLInputElement>("input[type=file]");
    if (!form || !field) return;
    for (const name of ["dragenter", "dragover"]) {
      this.addEventListener(name, (event) => {
        event.preventDefault();
        this.classList.add("over");
      });
    }
    this.addEventListener("dragleave", (event) => {
      if (!this.contains(event.relatedTarget as Node | null)) this.classList.remove("over");
    });
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      this.classList.remove("over");
      const files = event.dataTransfer?.files;
      if (!files?.length) return;
      field.files = files;
      this.send(form);
    });
    field.addEventListener("change", () => {
      if (field.files?.length) this.send(form);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(form);
    });
    addEventListener("pageshow", () => {
      this.sending = false; // whoever comes back may give other files
    });
  }

  /** Send the form; progress of an upload is told by this older interface only. */
  private send(form: HTMLFormElement): void {
    if (this.sending) return; // chosen files are sent at once; whoever presses the button, too, sends them once
    this.sending = true;
    const request = new XMLHttpRequest();
    const names = [...(this.querySelector<HTMLInputElement>("input[type=file]")?.files ?? [])].map((file) => file.name);
    this.refuse("");
    this.progress(0, `Sending ${names.join(", ")}`);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) this.progress(event.loaded / event.total, `Sending ${names.join(", ")}`);
    });
    request.addEventListener("load", () => this.answered(request));
    request.addEventListener("error", () => this.refuse("The server did not answer. Is it still running?"));
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.send(new FormData(form));
  }

  private answered(request: XMLHttpRequest): void {
    if (request.status === 413) {
      this.refuse(request.responseText);
      return;
    }
    try {
      const answer = JSON.parse(request.responseText) as { address?: string; error?: string };
      if (answer.address) location.assign(answer.address);
      else this.refuse(answer.error ?? "This could not be taken.");
    } catch {
      this.refuse("This could not be taken. Load the page anew and try once more.");
    }
  }

  private progress(share: number, words: string): void {
    const line = this.querySelector<HTMLElement>(".progress");
    const bar = line?.querySelector("progress");
    const text = line?.querySelector("span");
    if (!line || !bar || !text) return;
    line.hidden = false;
    bar.value = share;
    text.textContent = share < 1 ? `${words}: ${Math.round(100 * share)} %` : "Taken. Recognising …";
  }

  private refuse(reason: string): void {
    const line = this.querySelector<HTMLElement>(".refused");
    const progress = this.querySelector<HTMLElement>(".progress");
    if (line) {
      line.textContent = reason;
      line.hidden = !reason;
    }
    if (!reason) return;
    this.sending = false;
    if (progress) progress.hidden = true;
  }
}

export function drop(): void {
  customElements.define("vf-drop", Drop);
}
