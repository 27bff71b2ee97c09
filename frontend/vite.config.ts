import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const out = "../src/vitalfew/server/static/dist";
const report = new URL("../src/vitalfew/report/report.css", import.meta.url);

/** The palette of the report, once more for whoever chooses light or dark against the system. */
function themes(): Plugin {
  const name = "virtual:themes.css";
  return {
    name: "themes",
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load(id) {
      if (id !== `\0${name}`) return undefined;
      const css = readFileSync(report, "utf8");
      const blocks = [...css.matchAll(/:root \{([^}]*)\}/g)].map((found) => found[1] ?? "");
      const [light = "", dark = ""] = blocks;
      return `:root[data-theme="light"]{${light}color-scheme:light}:root[data-theme="dark"]{${dark}color-scheme:dark}`;
    },
  };
}

/** What the server sends to browsers that take gzip, made once. */
function compressed(): Plugin {
  return {
    name: "compressed",
    writeBundle() {
      const folder = new URL(`${out}/assets/`, import.meta.url);
      for (const name of readdirSync(folder)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        writeFileSync(new URL(`${name}.gz`, folder), gzipSync(readFileSync(new URL(name, folder)), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "/static/dist/",
  plugins: [themes(), compressed()],
  build: {
    outDir: out,
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2023",
    assetsInlineLimit: 0,
    rolldownOptions: { input: "src/main.ts", checks: { bundlerTimings: false } }, // a slow machine is no fault of the build
  },
});
